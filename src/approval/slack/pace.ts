import type { Approval } from '../../domain/approval.ts';
import type { Clock, Log } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';
import type { DeliveryParts } from './posting.ts';
import { failureOf } from './transport.ts';

/** Milliseconds: after the first failure, and at most. Doubled with each. */
const firstPause = 1_000;
const longestPause = 30_000;

type Api = DeliveryParts['api'];

interface Troubled {
  readonly times: number;
  readonly from: number;
  readonly until: number;
}

/** A wall clock that was set back to before it began ends a pause: it would last for as long as that. */
const isOver = (now: number, troubled: Pick<Troubled, 'from' | 'until'> | undefined): boolean =>
  troubled === undefined || now < troubled.from || now >= troubled.until;

/** When what may be sent again: as long as Slack asks after a 429, later and later while it is not there. */
export class Pace {
  readonly #clock: Clock;
  readonly #log: Log;
  /** Each kind of request has a limit of its own: edits go on while posts have to wait. */
  readonly #limited = new Map<string, Pick<Troubled, 'from' | 'until'>>();
  readonly #approvals = new Map<string, Troubled>();
  #outage: Troubled | undefined;
  /** Which approvals failed, each as the how-manieth of all that happened here. */
  readonly #failedAs = new Map<string, number>();
  #happened = 0;
  #workedAs = 0;
  /** Failures of one plan's file, which tell nothing of the others. */
  readonly #own = new WeakSet<object>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  around(api: Api): Api {
    const guard =
      <A extends readonly unknown[], T>(kind: string, call: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        this.#refuseEarly(kind);
        try {
          return await call(...args);
        } catch (thrown) {
          const { retryAfter } = failureOf(thrown);
          const from = this.#clock.now();
          if (retryAfter !== undefined) this.#limited.set(kind, { from, until: from + retryAfter });
          if (kind === 'upload' && thrown instanceof Error) this.#own.add(thrown);
          throw thrown;
        }
      };
    return {
      identity: guard('identity', () => api.identity()),
      post: guard('post', (message) => api.post(message)),
      update: guard('update', (message) => api.update(message)),
      upload: guard('upload', (file) => api.upload(file)),
      replies: guard('replies', (channel, thread, oldest) => api.replies(channel, thread, oldest)),
      own: guard('own', (channel, oldest) => api.own(channel, oldest)),
      tell: guard('tell', (user, text) => api.tell(user, text)),
    };
  }

  #refuseEarly(kind: string): void {
    const now = this.#clock.now();
    const limit = this.#limited.get(kind);
    if (limit === undefined || isOver(now, limit)) return;
    const left = limit.until - now;
    throw new CountersignError('Unavailable', `Slack asked to wait before the next ${kind}`, {
      data: { slackError: 'ratelimited', retryAfter: left },
    });
  }

  /** Slack cannot be reached, and it is too early to try again. */
  isOut(): boolean {
    return !isOver(this.#clock.now(), this.#outage);
  }

  isDue(approval: string): boolean {
    return isOver(this.#clock.now(), this.#approvals.get(approval));
  }

  /** What failed goes after what did not, the last failure last: one that always fails keeps nobody else waiting. */
  inTurn(work: readonly Approval[]): readonly Approval[] {
    const failedAs = ({ id }: Approval): number => this.#failedAs.get(id) ?? 0;
    return work.toSorted((a, b) => failedAs(a) - failedAs(b));
  }

  worked(approval: string): void {
    this.#approvals.delete(approval);
    this.#failedAs.delete(approval);
    this.#workedAs = ++this.#happened;
    if (this.#outage !== undefined) this.#log.info('Slack is reached again');
    this.#outage = undefined;
  }

  failed(approval: string, thrown: unknown): void {
    const { error, retryAfter } = failureOf(thrown);
    const from = this.#clock.now();
    // Where others were delivered since it failed last, Slack is there.
    const isAlone = (this.#failedAs.get(approval) ?? Number.POSITIVE_INFINITY) < this.#workedAs;
    this.#failedAs.set(approval, ++this.#happened);
    if (retryAfter !== undefined) {
      this.#approvals.set(approval, { times: 0, from, until: from + retryAfter });
      return;
    }
    const isUnreached = error === undefined && thrown instanceof CountersignError && thrown.code === 'Unavailable';
    const isOutage = isUnreached && !isAlone && !this.#own.has(thrown);
    const before = isOutage ? this.#outage : this.#approvals.get(approval);
    const times = (before?.times ?? 0) + 1;
    const troubled = { times, from, until: from + Math.min(longestPause, firstPause * 2 ** (times - 1)) };
    if (isOutage) this.#outage = troubled;
    else this.#approvals.set(approval, troubled);
    if (times === 1 || !isOutage)
      this.#log.warn('Slack did not take what it should show; it is tried again', { approval, cause: String(thrown) });
  }

  /** When something that had to wait may be tried again. */
  next(): number {
    const times = [...this.#approvals.values(), ...(this.#outage === undefined ? [] : [this.#outage])];
    return Math.min(Number.POSITIVE_INFINITY, ...times.map(({ until }) => until));
  }
}
