import { z } from 'zod';
import type { ApprovalDraft, PlanCard, Reconciliation, Review, Vote } from '../domain/approval.ts';
import type { Ending, Outcome } from '../domain/approval-state.ts';
import { ident, join, type Masked, open, say } from '../domain/masked.ts';
import type { Masker } from '../domain/masker.ts';

/** The files of one approval as they stand on disk. What does not parse is corrupt; nothing is guessed. */

const text = z.string();
const time = z.number();

const principal = z.object({
  issuer: text,
  subject: text,
  client: text.exactOptional(),
  groups: z.array(text),
  agent: text,
  person: text.exactOptional(),
  verified: z.boolean(),
});

const requirement = z.object({
  slots: z.array(
    z.object({ group: text.optional(), count: z.number() }).transform(({ group, count }) => ({ group, count })),
  ),
  decideWithinSeconds: z.number(),
  useWithinSeconds: z.number(),
  ownerMay: z.boolean(),
  confirmCode: z.boolean(),
  escalation: z.array(z.object({ afterSeconds: z.number(), group: text })).exactOptional(),
  breakGlass: z.object({ groups: z.array(text), withinSeconds: time }).exactOptional(),
});

const requestSchema = z.object({
  version: z.literal(1),
  id: text,
  createdAt: time,
  invocation: text,
  principal,
  tool: text,
  cluster: z.object({ name: text, uid: text, caDigest: text, arn: text.exactOptional() }),
  objects: z.array(text),
  callDigest: text,
  planDigest: text,
  manifestDigests: z.array(text),
  bundleDigest: text,
  rule: text,
  because: text.exactOptional(),
  requirement,
  card: z.object({
    summary: text,
    risks: z.array(text),
    notes: z.array(text).exactOptional(),
    diff: text,
    reason: text,
  }),
});

const voteSchema = z
  .object({
    person: text,
    decision: z.enum(['approve', 'deny', 'undo']),
    comment: text.optional(),
    time,
    channel: z.enum(['terminal', 'slack']),
    source: text.exactOptional(),
    saidAt: time.exactOptional(),
    breakGlass: z.boolean().exactOptional(),
    n: z.int().min(1),
  })
  .transform((vote): Vote => ({ ...vote, comment: vote.comment }));

const endingSchema = z.object({
  command: z.enum(['claim', 'deny', 'expire', 'withdraw', 'drift']),
  by: text,
  time,
  because: text,
  process: text,
});

const outcomeSchema = z.object({ command: z.enum(['succeed', 'fail', 'lose']), time, because: text });

const reviewSchema = z
  .object({ person: text, comment: text.optional(), time })
  .transform((review): Review => ({ ...review, comment: review.comment }));

const reconciledSchema = z
  .object({ command: z.enum(['succeed', 'fail']), by: text.optional(), because: text, time })
  .transform((found): Reconciliation => ({ ...found, by: found.by }));

const undecidableSchema = z.object({ because: text });

/** What never changes after the request. */
export interface RequestRecord extends Omit<ApprovalDraft, 'input'> {
  readonly id: string;
  readonly createdAt: number;
}

/** The disk is a sink: the card's texts passed the mask before they come here. */
export const encodeRequest = ({ card, ...rest }: RequestRecord): string =>
  JSON.stringify({
    version: 1,
    ...rest,
    card: {
      summary: open(card.summary),
      risks: card.risks.map((risk) => open(risk)),
      ...(card.notes === undefined ? {} : { notes: card.notes.map((note) => open(note)) }),
      diff: open(card.diff),
      reason: open(card.reason),
    },
  });

export function decodeRequest(content: string, masker: Pick<Masker, 'echo'>): RequestRecord | undefined {
  const parsed = requestSchema.safeParse(json(content));
  if (!parsed.success) return undefined;
  const { card, objects, id, createdAt, ...rest } = parsed.data;
  return recordOf(id, createdAt, { ...rest, objects: objects.map(ident), card: decodeCard(card, masker) });
}

/** Each member by name: an object made of so many that come one by one is a hash table, and one is kept for each that waits. */
export const recordOf = (id: string, createdAt: number, draft: Omit<ApprovalDraft, 'input'>): RequestRecord => ({
  id,
  createdAt,
  invocation: draft.invocation,
  principal: draft.principal,
  tool: draft.tool,
  cluster: draft.cluster,
  objects: draft.objects,
  callDigest: draft.callDigest,
  planDigest: draft.planDigest,
  manifestDigests: draft.manifestDigests,
  bundleDigest: draft.bundleDigest,
  rule: draft.rule,
  because: draft.because,
  requirement: draft.requirement,
  card: draft.card,
});

/**
 * Sealed anew line by line: the masker's echo keeps what it made visible before, and would make a line's end visible too. The
 * lines become one flat text: a chain of concatenations holds many times the memory of its letters.
 */
function decodeCard(card: z.infer<typeof requestSchema>['card'], masker: Pick<Masker, 'echo'>): PlanCard {
  const whole = (content: string): Masked<string> =>
    join(
      content.split('\n').map((line) => masker.echo(line)),
      say`\n`,
    );
  return {
    summary: whole(card.summary),
    risks: card.risks.map(whole),
    ...(card.notes === undefined ? {} : { notes: card.notes.map(whole) }),
    diff: whole(card.diff),
    reason: whole(card.reason),
  };
}

export const encode = (
  record: Vote | Ending | Outcome | Review | Reconciliation | z.infer<typeof undecidableSchema>,
): string => JSON.stringify(record);

export const decodeVote = (content: string): Vote | undefined => voteSchema.safeParse(json(content)).data;
export const decodeEnding = (content: string): Ending | undefined => endingSchema.safeParse(json(content)).data;
export const decodeReview = (content: string): Review | undefined => reviewSchema.safeParse(json(content)).data;
export const decodeReconciled = (content: string): Reconciliation | undefined =>
  reconciledSchema.safeParse(json(content)).data;
export const decodeUndecidable = (content: string): string | undefined =>
  undecidableSchema.safeParse(json(content)).data?.because;
export const decodeOutcome = (content: string): Outcome | undefined => outcomeSchema.safeParse(json(content)).data;

export function json(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
