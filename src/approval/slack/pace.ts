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
  readonly until: number;
}

/** When what may be sent again: as long as Slack asks after a 429, later and later while it is not there. */
export class Pace {
  readonly #clock: Clock;
  readonly #log: Log;
  /** Each kind of request has a limit of its own: edits go on while posts have to wait. */
  readonly #limited = new Map<string, number>();
  readonly #approvals = new Map<string, Troubled>();
  #outage: Troubled | undefined;

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
          if (retryAfter !== undefined) this.#limited.set(kind, this.#clock.now() + retryAfter);
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
    const left = (this.#limited.get(kind) ?? 0) - this.#clock.now();
    if (left <= 0) return;
    throw new CountersignError('Unavailable', `Slack asked to wait before the next ${kind}`, {
      data: { slackError: 'ratelimited', retryAfter: left },
    });
  }

  /** Slack cannot be reached, and it is too early to try again. */
  isOut(): boolean {
    return this.#outage !== undefined && this.#clock.now() < this.#outage.until;
  }

  isDue(approval: string): boolean {
    return this.#clock.now() >= (this.#approvals.get(approval)?.until ?? 0);
  }

  worked(approval: string): void {
    this.#approvals.delete(approval);
    if (this.#outage !== undefined) this.#log.info('Slack is reached again');
    this.#outage = undefined;
  }

  failed(approval: string, thrown: unknown): void {
    const { error, retryAfter } = failureOf(thrown);
    const now = this.#clock.now();
    if (retryAfter !== undefined) {
      this.#approvals.set(approval, { times: 0, until: now + retryAfter });
      return;
    }
    const isOutage = error === undefined && thrown instanceof CountersignError && thrown.code === 'Unavailable';
    const before = isOutage ? this.#outage : this.#approvals.get(approval);
    const times = (before?.times ?? 0) + 1;
    const troubled = { times, until: now + Math.min(longestPause, firstPause * 2 ** (times - 1)) };
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
