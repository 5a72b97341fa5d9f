import type { ClusterIdentity } from './cluster.ts';
import type { Requirement } from './decision.ts';
import type { Signal } from './hangup.ts';
import type { Json } from './json.ts';
import type { Ident, Masked } from './masked.ts';
import type { Principal } from './principal.ts';

export const approvalStates = [
  'pending',
  'approved',
  'claimed',
  'executed',
  'failed',
  'unknown',
  'denied',
  'expired',
  'withdrawn',
  'drifted',
] as const;
export type ApprovalState = (typeof approvalStates)[number];
export type ApprovalCommand =
  | 'quorum'
  | 'undo'
  | 'claim'
  | 'deny'
  | 'expire'
  | 'withdraw'
  | 'drift'
  | 'succeed'
  | 'fail'
  | 'lose';

/** The whole life of an approval, as data: what is not in this table does not happen. */
export const transitions: Readonly<Record<ApprovalState, Readonly<Partial<Record<ApprovalCommand, ApprovalState>>>>> = {
  pending: { quorum: 'approved', deny: 'denied', expire: 'expired', withdraw: 'withdrawn', drift: 'drifted' },
  approved: {
    undo: 'pending',
    claim: 'claimed',
    deny: 'denied',
    expire: 'expired',
    withdraw: 'withdrawn',
    drift: 'drifted',
  },
  claimed: { succeed: 'executed', fail: 'failed', lose: 'unknown' },
  executed: {},
  failed: {},
  // Only by somebody who found out: nothing of it is ever sent again.
  unknown: { succeed: 'executed', fail: 'failed' },
  denied: {},
  expired: {},
  withdrawn: {},
  drifted: {},
};

export const isOpen = (state: ApprovalState): boolean => state === 'pending' || state === 'approved';

export interface Vote {
  /** Record id in the people registry. */
  readonly person: string;
  readonly decision: 'approve' | 'deny' | 'undo';
  readonly comment: string | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly channel: 'terminal' | 'slack';
  /** The message or click that it was said by, `slack:<channel>/<ts>`: one source is one vote, however often it is read. */
  readonly source?: string;
  /** Milliseconds since the epoch; where it was heard later than said. Whether it was escalated goes by this. */
  readonly saidAt?: number;
  /** Countersigned alone by a member of the rule's break-glass group, with the comment as the typed reason. */
  readonly breakGlass?: boolean;
  /** 1, 2, …: the person's how-manieth; the last one counts. */
  readonly n: number;
}

/** One person over all channels. Votes without a record do not count; distinct means distinct records. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** OS user names that vote at the terminal as this person. */
  readonly osUsers: readonly string[];
  readonly slack?: { readonly team: string; readonly user: string };
  readonly subjects?: readonly TokenSubject[];
  /** Workloads that act for this person: subjects of an issuer of workloads. */
  readonly owns?: readonly TokenSubject[];
}

/** Whose token it is: `sub` as this issuer gives it, compared letter by letter. */
export interface TokenSubject {
  readonly issuer: string;
  readonly subject: string;
}

export interface PeopleRegistry {
  byId(id: string): Person | undefined;
  byOsUser(name: string): Person | undefined;
  /** Of one workspace: the same user id may be another person's elsewhere. */
  bySlack(team: string, user: string): Person | undefined;
  /** Who has this token subject. */
  bySubject(issuer: string, subject: string): Person | undefined;
  /** Who answers for the workload with this token subject. */
  byWorkload(issuer: string, subject: string): Person | undefined;
  all(): readonly Person[];
  /**
   * Resolves when who is in which group is fresh enough for a claim, and whether those who voted still may; missing where
   * nothing can change. Returns the ids of voters of whom that cannot be found out now: this claim does not count them.
   */
  current?(voted: readonly Pick<Vote, 'person' | 'channel'>[]): Promise<readonly string[]>;
}

/** What an approver is shown, rendered by the server from the plan, complete and masked. */
export interface PlanCard {
  /** `Deployment shop/web, image web:1.4.1 -> web:1.4.2` */
  readonly summary: Masked<string>;
  /** Dangerous facts, the worst first, one a line. */
  readonly risks: readonly Masked<string>[];
  /** Facts to bear in mind, which are no danger by themselves; missing where there are none. */
  readonly notes?: readonly Masked<string>[];
  /** The whole diff, never cut. */
  readonly diff: Masked<string>;
  /** The agent's reason: one line, its claim, not verified. */
  readonly reason: Masked<string>;
}

export interface ApprovalDraft {
  readonly invocation: string;
  readonly principal: Principal;
  readonly tool: string;
  readonly cluster: ClusterIdentity;
  readonly objects: readonly Ident[];
  readonly callDigest: string;
  readonly planDigest: string;
  readonly manifestDigests: readonly string[];
  readonly bundleDigest: string;
  readonly rule: string;
  /** Why it asks: what the rules that ask say of themselves. */
  readonly because?: string | undefined;
  readonly requirement: Requirement;
  readonly card: PlanCard;
  /** Sealed at rest and wiped at the end: the canonical input with objects pinned by name and uid. */
  readonly input: Json;
}

export interface Approval extends Omit<ApprovalDraft, 'card' | 'input'> {
  readonly id: string;
  readonly state: ApprovalState;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly decideBy: number;
  /** Set when the quorum is met: until when it may be claimed. */
  readonly useBy: number | undefined;
  readonly votes: readonly Vote[];
  /** Distinct people whose approve counts now, of how many. */
  readonly have: number;
  readonly need: number;
  readonly card: PlanCard;
  /** Whether any process waits for it now. */
  readonly awaited: boolean;
  /** After a break-glass: undefined while it stays open for somebody else to look at. */
  readonly review?: Review | undefined;
  /** Of a run whose outcome was unknown, when somebody has found out. */
  readonly reconciled?: Reconciliation | undefined;
  /** Of a run whose outcome is unknown: the cluster was read, and does not tell; why, in a sentence. */
  readonly undecidable?: string | undefined;
}

/** What became of a run whose outcome was unknown: said once, and it stays. */
export interface Reconciliation {
  readonly command: 'succeed' | 'fail';
  /** Record id in the people registry; undefined: Countersign itself, which read the cluster. */
  readonly by: string | undefined;
  /** How that is known, in their words. */
  readonly because: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export interface ReconcileRequest {
  /** Undefined: Countersign itself, which read the cluster. */
  readonly person: Person | undefined;
  readonly command: Reconciliation['command'];
  readonly because: string;
}

/** A run whose outcome is unknown, and what is known of what it was about to send. */
export interface Undecided {
  readonly approval: Approval;
  /** As `sending` was given it; undefined: it cannot be read any more. */
  readonly sent: Json | undefined;
}

/** Somebody else has looked at what was countersigned by break-glass. */
export interface Review {
  readonly person: string;
  readonly comment: string | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export interface ReviewRequest {
  readonly person: Person;
  readonly comment: string | undefined;
}

export interface VoteRequest {
  readonly person: Person;
  readonly decision: 'approve' | 'deny' | 'undo';
  readonly comment: string | undefined;
  readonly channel: Vote['channel'];
  /** The approval's id as the person repeated it: where the rule says confirmCode an approve counts only with it. */
  readonly code?: string;
  /** A vote whose source is recorded already changes nothing. */
  readonly source?: string;
  /** When it was said, in milliseconds since the epoch; now where it is missing or later. */
  readonly saidAt?: number;
  /** With an approve: alone, by the rule's break-glass; `comment` is the typed reason. */
  readonly breakGlass?: boolean;
}

/** Approvals as the gate, the channels and the command line use them. Every transition is audited before it is visible. */
export interface Approvals {
  /** Durable when it resolves. @throws ApprovalDenied (nobody reachable who may approve, or a standing denial), RateLimited (caps) */
  request(draft: ApprovalDraft): Promise<Approval>;
  /** The approval of the identical call of this principal: open, or settled with a result that may not have been seen. */
  attach(principal: Principal, callDigest: string): Promise<Approval | undefined>;
  /** A denial that still stands for this plan (30 minutes). */
  standingDenial(principal: Principal, planDigest: string): Promise<Approval | undefined>;
  /** @throws NotFound; also for an approval of another principal when `principal` is given */
  read(id: string, principal?: Principal): Promise<Approval>;
  list(filter: { readonly principal?: Principal; readonly open?: boolean }): Promise<readonly Approval[]>;
  /**
   * Resolves when it is not pending (or `while`) any more, at `until`, or when `signal` aborts; `onChange` for each visible
   * change.
   */
  wait(
    id: string,
    options: {
      until: number;
      signal: Signal;
      while?: 'pending' | 'claimed';
      onChange?: (approval: Approval) => void;
    },
  ): Promise<Approval>;
  /** Marks somebody as waiting; the returned function detaches. */
  awaitedBy(id: string): () => void;
  /** @throws Invalid or ApprovalDenied saying why this vote does not count */
  vote(id: string, vote: VoteRequest): Promise<Approval>;
  /**
   * Ends the waiting for one winner, on disk; then reads the votes again, from the audit chain too.
   * @throws ApprovalDenied, ApprovalExpired, ApprovalWithdrawn, PlanDrifted when another end was first; Denied when votes and chain disagree
   */
  claim(id: string, requirement: Requirement): Promise<Approval>;
  /**
   * What was countersigned by break-glass was looked at by somebody else: not who broke it, nor the person behind the agent.
   * @throws NotFound, Invalid (no break-glass, reviewed already, not in the registry), ApprovalDenied (not somebody else)
   */
  review(id: string, review: ReviewRequest): Promise<Approval>;
  /**
   * Says what became of a run whose outcome is unknown; nothing is sent. Not the person behind the agent, unless the rule lets them.
   * @throws NotFound, Invalid (its outcome is known, too early, no reason, not in the registry), ApprovalDenied (not somebody
   * else), Conflict (somebody is at it now)
   */
  reconcile(id: string, found: ReconcileRequest): Promise<Approval>;
  /**
   * Keeps, sealed, what a run is about to send, until its outcome is known or nobody can find it out by reading. A failure of
   * power may take it away.
   */
  sending(id: string, sent: Json): Promise<void>;
  /**
   * What was sent and has no known outcome, as soon as the cluster can be asked: the API server is not at it any more, and no
   * other process that lives has run it. Without what was not `sending`.
   */
  undecided(): Promise<readonly Undecided[]>;
  /** The cluster was read and does not tell: said once, and left to a person. @throws NotFound, Invalid (not unknown) */
  undecidable(id: string, because: string): Promise<Approval>;
  /** Ends the waiting without a run. False: another end was first. */
  close(id: string, command: 'withdraw' | 'drift' | 'expire', because: string): Promise<boolean>;
  /** After a claim: how the run ended, with the result to hand out (sealed at rest). */
  settle(id: string, command: 'succeed' | 'fail' | 'lose', result: Json): Promise<Approval>;
  /** The kept result of a settled approval; `once` marks it seen for identical calls. */
  result(id: string): Promise<Json | undefined>;
  seen(id: string): Promise<void>;
  /** The sealed canonical input. Undefined after the end. */
  input(id: string): Promise<Json | undefined>;
}

/** Where people are asked. The terminal needs no push; Slack comes as another adapter. */
export interface ApprovalChannel {
  readonly name: string;
  /** Where approvers look, for the waiting agent's sentence: `the terminal (countersign approvals)`. */
  readonly place: string;
  /** Who can be asked there now, and what to configure so that more can. */
  reachable(): { readonly people: readonly Person[]; readonly hint: string };
  post(approval: Approval): Promise<void>;
  update(approval: Approval): Promise<void>;
  /**
   * Resolves when every vote that was said here is recorded, denials first: a claim waits for it. Any process may be asked.
   * @throws Unavailable when that cannot be found out: then nothing is claimed, and the approval stays
   */
  caughtUp(approval: Approval): Promise<void>;
  /** Begins to deliver, in a process that serves: what is open, and what ended while nobody delivered. Idempotent. */
  start?(approvals: Approvals): Promise<void>;
  stop?(): Promise<void>;
}
