import type { Approval, ApprovalChannel, PeopleRegistry } from '../domain/approval.ts';
import type { AuditLog, AuditReader } from '../domain/audit-event.ts';
import type { Clock, Log, Random } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { ident } from '../domain/masked.ts';
import type { Masker } from '../domain/masker.ts';
import type { State } from '../domain/state.ts';
import type { Asked } from './asked.ts';
import type { Awaiting } from './awaiting.ts';
import type { ApprovalLimits } from './config.ts';
import type { Current } from './current.ts';
import type { Index } from './listing.ts';
import type { Roll } from './roll.ts';
import type { Store } from './store.ts';
import type { Waits } from './waits.ts';

export interface ApprovalDeps {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: AuditLog;
  readonly auditReader: AuditReader;
  readonly people: PeopleRegistry;
  readonly channels: readonly ApprovalChannel[];
  readonly masker: Pick<Masker, 'echo' | 'words'>;
  readonly limits: ApprovalLimits;
  readonly log: Log;
}

/** What the parts of the service share. */
export interface Context extends ApprovalDeps {
  readonly store: Store;
  readonly roll: Roll;
  readonly index: Index;
  readonly waits: Waits;
  readonly awaiting: Awaiting;
  readonly asked: Asked;
}

export const notFound = (id: string): CountersignError =>
  new CountersignError('NotFound', `there is no approval ${ident(id)}`, {
    hint: 'look at the open ones: countersign approvals list',
  });

export async function present(ctx: Context, current: Current): Promise<Approval> {
  const { record, facts, review, state, decideBy, useBy, have, need } = current;
  const votes = [...facts.votes].sort((a, b) => a.time - b.time || a.n - b.n);
  const awaited = await ctx.awaiting.has(record.id);
  // By name and all at once, as `recordOf` does: one is kept for each call that waits.
  return {
    id: record.id,
    createdAt: record.createdAt,
    invocation: record.invocation,
    principal: record.principal,
    tool: record.tool,
    cluster: record.cluster,
    objects: record.objects,
    callDigest: record.callDigest,
    planDigest: record.planDigest,
    manifestDigests: record.manifestDigests,
    bundleDigest: record.bundleDigest,
    rule: record.rule,
    requirement: record.requirement,
    card: record.card,
    state,
    decideBy,
    useBy,
    votes,
    have,
    need,
    awaited,
    because: record.because,
    review,
    reconciled: facts.reconciled,
    undecidable: facts.undecidable,
  };
}
