import { asciiLine, forTerminal } from '../approval/escape.ts';
import { renderApproval, renderApprovals } from '../approval/terminal/render.ts';
import type { Composition } from '../composition.ts';
import { loadConfig } from '../config.ts';
import type { Approval, Person, Vote } from '../domain/approval.ts';
import { iso } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { open } from '../domain/masked.ts';
import { type ExitCode, type Io, json, line } from './io.ts';
import { createLog } from './log.ts';

export interface ApprovalOptions {
  readonly config?: string;
  readonly sandbox?: boolean;
  readonly json?: boolean;
}

export interface VoteOptions extends ApprovalOptions {
  readonly comment?: string;
}

/** Open ones; all of them with `all`. */
export const listApprovals = (options: ApprovalOptions & { readonly all?: boolean }, io: Io): Promise<ExitCode> =>
  withApprovals(options, io, async ({ approvals }) => {
    const found = await approvals.list(options.all === true ? {} : { open: true });
    if (options.json === true) json(io, found.map(plain));
    else line(io, renderApprovals(found));
  });

export const showApproval = (id: string, options: ApprovalOptions, io: Io): Promise<ExitCode> =>
  withApprovals(options, io, async ({ approvals }) => {
    const approval = await approvals.read(id);
    if (options.json === true) json(io, plain(approval));
    else line(io, renderApproval(approval));
  });

export const vote = (
  decision: Vote['decision'],
  id: string,
  words: readonly string[],
  options: VoteOptions,
  io: Io,
): Promise<ExitCode> =>
  withApprovals(options, io, async (composition, local) => {
    const person = voter(composition);
    const comment = options.comment ?? (words.length === 0 ? undefined : words.join(' '));
    // Whoever typed the id has repeated the code: here no button can be pressed by mistake.
    const approval = await composition.approvals.vote(id, { person, decision, comment, channel: 'terminal', code: id });
    if (options.json === true) json(io, plain(approval));
    else for (const text of outcome(approval, decision, person, local)) line(io, text);
  });

/** Alone, with a typed reason; whoever has a shell as this user could do that too, which is why rules have to allow it. */
export const breakGlass = (id: string, words: readonly string[], options: ApprovalOptions, io: Io): Promise<ExitCode> =>
  withApprovals(options, io, async (composition) => {
    const asked = { person: voter(composition), decision: 'approve', channel: 'terminal' } as const;
    const vote = { ...asked, comment: words.join(' '), code: id, breakGlass: true };
    const approval = await composition.approvals.vote(id, vote);
    if (options.json === true) return json(io, plain(approval));
    const until = approval.useBy === undefined ? '' : ` until ${iso(approval.useBy)}`;
    line(
      io,
      `${asciiLine(approval.id)} is ${approval.state}${until}: ${asciiLine(vote.person.id)} countersigned it alone.`,
    );
    line(
      io,
      `It stays open in doctor until somebody else has run: countersign approvals review ${asciiLine(id)} COMMENT`,
    );
  });

export const reviewApproval = (
  id: string,
  words: readonly string[],
  options: ApprovalOptions,
  io: Io,
): Promise<ExitCode> =>
  withApprovals(options, io, async (composition) => {
    const person = voter(composition);
    const comment = words.length === 0 ? undefined : words.join(' ');
    const approval = await composition.approvals.review(id, { person, comment });
    if (options.json === true) json(io, plain(approval));
    else line(io, `${asciiLine(approval.id)}: ${asciiLine(person.id)} has reviewed the break-glass.`);
  });

/** Somebody looked: what became of a run whose outcome was unknown. Nothing is sent. */
export const settleApproval = (
  id: string,
  words: readonly string[],
  options: ApprovalOptions & { readonly as: 'executed' | 'failed' },
  io: Io,
): Promise<ExitCode> =>
  withApprovals(options, io, async (composition) => {
    const command = options.as === 'executed' ? 'succeed' : 'fail';
    const found = { person: voter(composition), command, because: words.join(' ') } as const;
    const approval = await composition.approvals.reconcile(id, found);
    if (options.json === true) json(io, plain(approval));
    else line(io, `${asciiLine(approval.id)} is ${approval.state} now, as ${asciiLine(found.person.id)} found out.`);
  });

const did: Readonly<Record<Vote['decision'], string>> = {
  approve: 'approved',
  deny: 'denied',
  undo: 'took back an approve',
};

function outcome(approval: Approval, decision: Vote['decision'], person: Person, local: string): readonly string[] {
  const count = approval.state === 'pending' ? `, ${approval.have} of ${approval.need}` : '';
  return [
    `${asciiLine(approval.id)} is ${approval.state}${count}: ${asciiLine(person.id)} ${did[decision]} it.`,
    ...(local === 'sudo'
      ? []
      : ['Whoever has a shell as this user of the machine could have done that: approvals.local is enabled.']),
  ];
}

/** The person that the registry has for whoever runs this command. */
function voter({ people, localUser }: Composition): Person {
  const user = localUser();
  const person = people.byOsUser(user);
  if (person !== undefined) return person;
  throw new CountersignError('Forbidden', `No person of the registry votes as the operating system user ${user}`, {
    hint: `name ${user} in osUsers of a record under people in countersign.yaml`,
  });
}

async function withApprovals(
  options: ApprovalOptions,
  io: Io,
  use: (composition: Composition, local: string) => Promise<void>,
): Promise<ExitCode> {
  const { config } = await loadConfig(options.config, io.env);
  const sandbox = options.sandbox === true;
  if (!sandbox && config.approvals.local === 'off') throw localIsOff();
  const { compose } = await import('../compose.ts');
  const log = createLog(io.stderr, io.env.COUNTERSIGN_LOG ?? 'warn');
  const composition = await compose(config, { sandbox, serves: false, env: io.env, log });
  try {
    await use(composition, sandbox ? 'enabled' : config.approvals.local);
    return 0;
  } finally {
    await composition.close();
  }
}

const localIsOff = (): CountersignError =>
  new CountersignError('Forbidden', 'Approving from the command line is off', {
    lines: ['Whoever has a shell as this user, an agent too, can approve when it is on.'],
    hint: 'set `approvals: {local: sudo}` in countersign.yaml, or `enabled` if you accept that; for a server that runs with --sandbox add --sandbox',
  });

/** For programs: everything that people are shown, and nothing that was not through the mask. */
const plain = ({ card, decideBy, useBy, createdAt, ...rest }: Approval): object => ({
  ...rest,
  createdAt: iso(createdAt),
  decideBy: iso(decideBy),
  ...(useBy === undefined ? {} : { useBy: iso(useBy) }),
  card: {
    summary: forTerminal(open(card.summary)),
    risks: card.risks.map((risk) => forTerminal(open(risk))),
    notes: (card.notes ?? []).map((note) => forTerminal(open(note))),
    diff: forTerminal(open(card.diff)),
    reason: forTerminal(open(card.reason)),
  },
});
