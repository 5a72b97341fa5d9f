import type { Approval, Approvals } from '../../domain/approval.ts';
import { isOpen } from '../../domain/approval.ts';
import type { Clock, Log } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';
import { createTurns } from '../turns.ts';
import { deliver, postWholePlan } from './delivery.ts';
import type { Holder } from './holder.ts';
import { Pace } from './pace.ts';
import type { SlackInbound } from './ports.ts';
import { type DeliveryParts, forgetMessage } from './posting.ts';
import { failureOf } from './transport.ts';

export interface KeeperParts extends Omit<DeliveryParts, 'approvals' | 'written' | 'catchUp'> {
  readonly approvals: Pick<Approvals, 'list' | 'read' | 'result'>;
  readonly holder: Holder;
  readonly inbound: Pick<SlackInbound, 'start' | 'stop' | 'catchUp'>;
  /** Ids of what was countersigned by break-glass and nobody else has looked at yet. */
  readonly unreviewed: () => Promise<readonly string[]>;
  /** Forgets what was moved away. */
  readonly forget: () => Promise<void>;
  /** Takes signed HTTP, so it is there also while nothing is open. */
  readonly alwaysConnected: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds between two looks at everything that is open, should a notice have been lost. */
const lookEvery = 5_000;
/** Milliseconds between two looks at break-glass that may have come and gone unseen. */
const lookBackEvery = 60_000;
const forgetEvery = 3_600_000;
/** Milliseconds for which the connection stays after the last approval ended: somebody may still reply. */
const linger = 60_000;

/** Milliseconds that a stop waits for a request that hangs. */
const stopWithin = 2_000;

/**
 * Keeps Slack as the approvals are: in one process of those that share the state directory, which compares and makes it so.
 * Nothing that matters is in memory: another process goes on where this one was killed.
 */
export class Keeper {
  readonly #parts: KeeperParts;
  readonly #delivery: DeliveryParts;
  readonly #pace: Pace;
  /** Ids of approvals that Slack has not been told the end of. */
  #unfinished: Set<string> | undefined;
  #changed = true;
  #next = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #lookedBackAt = Number.NEGATIVE_INFINITY;
  #forgotAt = Number.NEGATIVE_INFINITY;
  #connectedUntil = 0;
  #turn: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  /** What was delivered last, and when time alone asks for more: most of what is open has not changed. */
  readonly #delivered = new Map<string, { readonly about: string; readonly at: number; readonly next: number }>();
  /** One at a time for one approval: its file would lose a step otherwise. */
  readonly #alone = createTurns();

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.clock, parts.log);
    const catchUp = (approval: Approval): Promise<void> => parts.inbound.catchUp(approval);
    this.#delivery = { ...parts, api: this.#pace.around(parts.api), written: new Map(), catchUp };
  }

  /** Something may have changed, here or in another process. */
  wake(): void {
    this.#changed = true;
    void this.turn();
  }

  /** One look; one more if something changed meanwhile. Never rejects. */
  async turn(): Promise<void> {
    if (this.#turn !== undefined) {
      this.#again = true;
      return this.#turn;
    }
    const run = async (): Promise<void> => {
      do {
        this.#again = false;
        await this.#look().catch((thrown: unknown) => {
          this.#parts.log.error('Slack could not be looked after', { cause: String(thrown) });
        });
      } while (this.#again);
    };
    this.#turn = run().finally(() => {
      this.#turn = undefined;
    });
    return this.#turn;
  }

  /** The whole plan as a file in the thread. @throws Unavailable */
  postWholePlan(approval: Approval): Promise<void> {
    return this.#alone(approval.id, () => postWholePlan(this.#delivery, approval));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const ended = await within(stopWithin, this.#turn);
    await this.#parts.inbound.stop();
    // Where a request hangs, only the end of this process gives it back: two at work would say things twice.
    if (ended) await this.#parts.holder.release();
  }

  async #look(): Promise<void> {
    const { clock, holder } = this.#parts;
    if (this.#stopped || !(await holder.hold())) return;
    const now = clock.now();
    // A clock that was set back would keep everything waiting for as long.
    if (!this.#changed && now >= this.#lookedAt && now < this.#next) return;
    this.#changed = false;
    this.#lookedAt = now;
    this.#next = now + lookEvery;
    const work = this.#pace.inTurn(await this.#work());
    this.#connect(work.some(({ state }) => isOpen(state)));
    for (const approval of work) {
      if (this.#stopped || this.#pace.isOut()) break;
      await this.#deliverOne(approval);
    }
    this.#next = Math.min(this.#next, this.#pace.next());
    await this.#forget();
  }

  async #forget(): Promise<void> {
    const { forget, clock, log } = this.#parts;
    const ago = clock.now() - this.#forgotAt;
    if (this.#stopped || (ago >= 0 && ago < forgetEvery)) return;
    this.#forgotAt = clock.now();
    await forget().catch((thrown: unknown) => {
      log.warn('what Slack was told of old approvals is not forgotten', { cause: String(thrown) });
    });
  }

  /** What is open, and what ended and was not told yet; what people wait for first. */
  async #work(): Promise<readonly Approval[]> {
    const { approvals, ledger } = this.#parts;
    this.#unfinished ??= new Set(
      (await ledger.entries()).filter(({ complete }) => !complete).map((entry) => entry.approval),
    );
    await this.#lookBack();
    const open = await approvals.list({ open: true });
    const ids = new Set(open.map(({ id }) => id));
    const ended: Approval[] = [];
    for (const id of this.#unfinished) if (!ids.has(id)) ended.push(...(await this.#read(id)));
    for (const id of ids) this.#unfinished.add(id);
    return [...ended, ...open.toSorted((a, b) => a.decideBy - b.decideBy)];
  }

  /** What was countersigned alone is told also where it was over before anything stood in Slack. */
  async #lookBack(): Promise<void> {
    const { unreviewed, ledger, clock } = this.#parts;
    const ago = clock.now() - this.#lookedBackAt;
    if (ago >= 0 && ago < lookBackEvery) return;
    for (const id of await unreviewed()) if ((await ledger.entry(id)) === undefined) this.#unfinished?.add(id);
    this.#lookedBackAt = clock.now();
  }

  async #read(id: string): Promise<readonly Approval[]> {
    try {
      return [await this.#parts.approvals.read(id)];
    } catch (thrown) {
      // Moved away when it was old: there is nothing left to say about it.
      if (!(thrown instanceof CountersignError) || thrown.code !== 'NotFound') throw thrown;
      this.#unfinished?.delete(id);
      await this.#parts.ledger.remove(id);
      return [];
    }
  }

  async #deliverOne(approval: Approval): Promise<void> {
    const { id, state } = approval;
    if (!this.#pace.isDue(id)) return;
    const looked = approval.undecidable !== undefined;
    const about = [state, approval.have, approval.votes.length, approval.awaited, approval.useBy, looked].join(' ');
    const last = this.#delivered.get(id);
    const now = this.#parts.clock.now();
    if (last?.about === about && now >= last.at && now < last.next) {
      this.#next = Math.min(this.#next, last.next);
      return;
    }
    try {
      const next = await this.#alone(id, () => deliver(this.#delivery, approval));
      this.#next = Math.min(this.#next, next);
      this.#pace.worked(id);
      this.#delivered.set(id, { about, at: now, next });
      if (isOpen(state) || state === 'claimed' || state === 'unknown') return;
      this.#unfinished?.delete(id);
      this.#delivered.delete(id);
    } catch (thrown) {
      if (['message_not_found', 'thread_not_found'].includes(failureOf(thrown).error ?? ''))
        await forgetMessage(this.#parts.ledger, id);
      this.#pace.failed(id, thrown);
    }
  }

  #connect(isAnythingOpen: boolean): void {
    const { inbound, alwaysConnected, clock, log } = this.#parts;
    const now = clock.now();
    if (isAnythingOpen) this.#connectedUntil = now + linger;
    const wanted = alwaysConnected || now < this.#connectedUntil;
    if (wanted && !isAnythingOpen) this.#next = Math.min(this.#next, this.#connectedUntil);
    // Not waited for: a connection that hangs must not keep messages from people.
    (wanted ? inbound.start() : inbound.stop()).catch((thrown: unknown) => {
      log.warn('Slack is not connected: votes there are read before a claim', { cause: String(thrown) });
    });
  }
}

/** Whether it ended in time. */
async function within(milliseconds: number, work: Promise<unknown> | undefined): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([Promise.resolve(work).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
