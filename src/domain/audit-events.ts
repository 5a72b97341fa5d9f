import type { AuditType } from './audit-event.ts';
import type { AuditKey } from './audit-keys.ts';

export interface AuditEventSpec {
  readonly says: string;
  /** Keys that each line of the type has. */
  readonly has: readonly AuditKey[];
  /** Keys that it has where there is something to say. */
  readonly may?: readonly AuditKey[];
}

/** What each line of a call has: its caller and its tool. */
const call = ['tool', 'principal'] as const;
/** What a call's lines repeat as soon as it is known, so that one grep tells the story. */
const story = [
  ...(['actingFor', 'cluster', 'objects', 'manifestDigests', 'planDigest', 'rule', 'bundleDigest'] as const),
  ...(['approval', 'breakGlass', 'masking'] as const),
];
/** What each line about an approval has. */
const asked = [
  ...(['approval', 'tool', 'cluster', 'objects', 'principal', 'rule', 'planDigest', 'manifestDigests'] as const),
  'bundleDigest' as const,
];
const vote = ['decision', 'approver', 'channel', 'n'] as const;
const outcome = [...story, 'status', 'code', 'dryRun', 'replayed', 'maskHits'] as const;
const session = ['session', 'principal', 'issuer', 'client', 'channel'] as const;

/** Version 1 of the events. A later one adds types and keys, and takes none away. */
export const auditEvents: Readonly<Record<AuditType, AuditEventSpec>> = {
  ChainOpened: {
    says: 'the first line of a file: how the process is known, and where all others stood',
    has: ['format', 'auditIdSeed', 'heads', 'torn'],
    may: ['process'],
  },
  Started: { says: 'a server started', has: ['version', 'isolation'] },
  Stopped: { says: 'it stopped, by itself and in order', has: [] },
  ConfigLoaded: { says: 'the configuration in force', has: ['configDigest'] },
  PolicyLoaded: { says: 'the policy in force, from this line on', has: ['bundleDigest'] },
  RequestReceived: {
    says: 'a call came in; on disk before anything of it is sent',
    has: [...call, 'client'],
    may: story,
  },
  Refused: {
    says: 'it ended without a run: denied, invalid, not found, not decided in time …',
    has: [...call, 'code', 'message', 'auditIds'],
    may: story,
  },
  Planned: {
    says: 'what a changing call would do',
    has: call,
    may: [...story, 'facts', 'factsDigest', 'reason'],
  },
  Decided: {
    says: 'what the policy says of it, and of whom; again at the claim',
    has: [...call, 'verdict', 'matched', 'issuer', 'subject', 'groups', 'verified'],
    may: [...story, 'clientId', 'conditionErrors', 'maskHits'],
  },
  ApprovalRequested: {
    says: 'people are asked',
    has: [...asked, 'need', 'callDigest'],
    may: ['actingFor', 'breakGlassGroups'],
  },
  ApprovalVoted: {
    says: 'somebody countersigned or denied',
    has: [...asked, ...vote],
    may: ['actingFor', 'comment', 'selfApproved', 'breakGlass'],
  },
  VoteWithdrawn: {
    says: 'somebody took an approve back',
    has: [...asked, ...vote],
    may: ['actingFor', 'comment', 'selfApproved', 'breakGlass'],
  },
  ApprovalClaimed: {
    says: 'the approval is used, once',
    has: [...asked, 'have', 'need', 'process'],
    may: ['actingFor', 'breakGlass'],
  },
  ApprovalClosed: { says: 'how an approval ended', has: [...asked, 'state', 'by'], may: ['actingFor', 'comment'] },
  BreakGlassReviewed: {
    says: 'somebody else looked at what was countersigned alone',
    has: [...asked, 'by', 'breakGlass'],
    may: ['actingFor', 'comment'],
  },
  Authorized: {
    says: 'a grant was made; of a change, on disk before it is sent',
    has: [...call, 'verdict'],
    may: [...story, 'needs', 'resourceVersion'],
  },
  Executed: { says: 'it was done, or read', has: [...call, 'auditIds'], may: outcome },
  Failed: { says: 'it was certainly not done, or in part (`status`)', has: [...call, 'auditIds'], may: outcome },
  Unknown: {
    says: 'nobody knows whether it was done; it is never sent again',
    has: [...call, 'auditIds'],
    may: outcome,
  },
  Answered: {
    says: 'an answer that runs nothing: a pending approval, its state',
    has: [...call, 'auditIds', 'status'],
    may: story,
  },
  OutcomeRead: {
    says: 'the cluster was read to find out what became of a run that nobody knew the outcome of',
    has: ['cluster', 'objects', 'auditIds'],
    may: ['approval', 'of'],
  },
  Reconciled: {
    says: 'somebody, or a later process, says what became of a call that has no outcome: `state`; `unknown` of a run leaves it open',
    has: ['state', 'by'],
    may: [...asked, 'actingFor', 'comment'],
  },
  RecordingOpened: { says: 'an exec session is recorded', has: [...call, 'recording'], may: story },
  RecordingClosed: { says: 'its recording is sealed by its root', has: [...call, 'recording', 'root'], may: story },
  RecordingDecrypted: {
    says: 'somebody is about to see the raw frames of a recording, and why',
    has: ['recording', 'root', 'by', 'comment'],
  },
  SecretsRead: { says: 'the mask read Secrets, to know what to hide', has: ['cluster', 'verb', 'objects', 'auditIds'] },
  CallsDropped: {
    says: 'calls that the rate limit did not let in since the last line',
    has: [...call, 'dropped'],
    may: story,
  },
  SessionStarted: { says: 'a client began a session over HTTP', has: session, may: ['actingFor'] },
  SessionEnded: { says: 'it ended, and why', has: [...session, 'state'], may: ['actingFor', 'by'] },
  PrincipalSuspended: {
    says: 'nothing more of this principal is let in',
    has: ['principal', 'by'],
    may: ['issuer', 'message'],
  },
  PrincipalResumed: { says: 'it is let in again', has: ['principal', 'by'], may: ['issuer'] },
  Checkpoint: { says: 'a signed statement where all chains stood', has: ['note', 'signatures'] },
};
