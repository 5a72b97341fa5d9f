import type { VoteRequest } from '../domain/approval.ts';
import type { AuditEvent, AuditType } from '../domain/audit-event.ts';
import { ident, type Masked } from '../domain/masked.ts';
import type { RequestRecord } from './record.ts';

/** The keys that every line about an approval repeats, so that one grep tells its story. */
export const approvalLine = (
  type: AuditType,
  record: Omit<RequestRecord, 'card'>,
  more: AuditEvent['fields'],
): AuditEvent => ({
  type,
  invocation: record.invocation,
  fields: {
    approval: ident(record.id),
    ...more,
    tool: ident(record.tool),
    cluster: ident(record.cluster.name),
    objects: record.objects,
    principal: ident(record.principal.agent),
    actingFor: record.principal.person === undefined ? undefined : ident(record.principal.person),
    rule: ident(record.rule),
    planDigest: ident(record.planDigest),
    manifestDigests: record.manifestDigests.map(ident),
    bundleDigest: ident(record.bundleDigest),
  },
});

/** Written before the vote's file is made: a claim believes only what stands in both. */
export const voteLine = (
  record: RequestRecord,
  vote: VoteRequest,
  n: number,
  comment: Masked<string> | undefined,
  selfApproved: boolean,
): AuditEvent =>
  approvalLine(vote.decision === 'undo' ? 'VoteWithdrawn' : 'ApprovalVoted', record, {
    decision: ident(vote.decision),
    approver: ident(vote.person.id),
    channel: ident(vote.channel),
    n,
    comment,
    selfApproved: selfApproved ? true : undefined,
    breakGlass: vote.breakGlass === true ? true : undefined,
  });
