import { type Approval, isOpen } from '../../src/domain/approval.ts';
import { person } from './approvals.ts';

const minute = 60_000;

export type Command =
  | { readonly do: 'vote'; readonly who: string; readonly decision: 'approve' | 'deny' | 'undo' }
  | { readonly do: 'claim' | 'settle' | 'withdraw' }
  | { readonly do: 'step'; readonly minutes: number };

/** Whether these people fill one place of sre and one of security, by trying all pairs: few enough people for that. */
export function quorumOf(approving: Iterable<string>): boolean {
  const able = (group: string) => [...approving].filter((who) => person(who).groups.includes(group));
  return able('sre').some((one) => able('security').some((other) => one !== other));
}

/** Who approves by the files: the last vote of each counts. */
export function approvingIn({ votes }: Approval): ReadonlySet<string> {
  const last = new Map(votes.toSorted((a, b) => a.n - b.n).map((vote) => [vote.person, vote.decision]));
  return new Set(['ana', 'bo', 'cy'].filter((who) => last.get(person(who).id) === 'approve'));
}

/** What must be true of one approval, told again without the code under test. */
export class Model {
  state = 'pending';
  approving: ReadonlySet<string> = new Set();
  useBy: number | undefined;
  readonly decideBy: number;
  constructor(decideBy: number) {
    this.decideBy = decideBy;
  }
  copy(): Model {
    return Object.assign(new Model(this.decideBy), { state: this.state, approving: this.approving, useBy: this.useBy });
  }
  pass(now: number): void {
    if (this.state === 'pending' && now >= this.decideBy) this.state = 'expired';
    if (this.state === 'approved' && now >= (this.useBy ?? 0)) this.state = 'expired';
  }
  /** Whether it is allowed; if so it happened. */
  apply(move: Command, now: number): boolean {
    this.pass(now);
    const open = this.state === 'pending' || this.state === 'approved';
    switch (move.do) {
      case 'step':
        return true;
      case 'claim':
        if (this.state !== 'approved') return false;
        this.state = 'claimed';
        return true;
      case 'settle':
        // Again is no fault: what was settled first stays.
        if (this.state === 'claimed') this.state = 'executed';
        return ['executed', 'failed', 'unknown'].includes(this.state);
      case 'withdraw':
        if (open) this.state = 'withdrawn';
        return open;
      case 'vote':
        return open && this.#vote(move.who, move.decision, now);
    }
  }
  #vote(who: string, decision: 'approve' | 'deny' | 'undo', now: number): boolean {
    if (who === 'out' || (who === 'li' && decision !== 'deny')) return false;
    if (decision === 'deny') {
      this.state = 'denied';
      return true;
    }
    if (this.approving.has(who) === (decision === 'approve')) return false;
    this.approving = new Set([...this.approving, who].filter((each) => decision === 'approve' || each !== who));
    if (!quorumOf(this.approving)) this.useBy = undefined;
    else this.useBy ??= now + 15 * minute;
    this.state = this.useBy === undefined ? 'pending' : 'approved';
    return true;
  }
  /** Where more than one thing may have happened, and the caller has checked that it was one of them. */
  follow(real: Approval): void {
    this.state = real.state;
    this.useBy = isOpen(real.state) ? real.useBy : this.useBy;
    this.approving = approvingIn(real);
  }
}
