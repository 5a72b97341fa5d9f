import type { Approval } from '../domain/approval.ts';
import type { Clock } from '../domain/environment.ts';
import type { Signal } from '../domain/hangup.ts';
import type { State } from '../domain/state.ts';
import { eachInTurn } from './files.ts';
import type { Store } from './store.ts';

/** Milliseconds between two turns of the wheel: deadlines are noticed by it, votes of other processes by the watch. */
const turn = 100;
/** In so many turns, or more, all that is waited for is looked at, a part in each, should a notice have been lost. */
const turnsToLook = 10;
/** The most that is looked at in a turn: of two thousand each every four seconds. */
const looksPerTurn = 50;

export interface WaitOptions {
  readonly until: number;
  readonly signal: Signal;
  readonly while?: 'pending' | 'claimed';
  readonly onChange?: (approval: Approval) => void;
}

/** All waits of this process on one timer and one watch, which run only while anybody waits. */
export interface Waits {
  wait(id: string, options: WaitOptions): Promise<Approval>;
  /** This process changed it. */
  changed(id: string): void;
}

interface Waiter {
  readonly options: WaitOptions;
  /** Takes a rejected promise too: one function less for each call that waits. */
  readonly resolve: (approval: Approval | Promise<never>) => void;
  readonly onAbort: () => void;
  shown: string;
}

interface Waited {
  waiters: readonly Waiter[];
  decideBy: number;
  stamp: number | undefined;
  /** What was read at that stamp: a call waits again every ten seconds, and mostly nothing has changed. */
  last: Approval | undefined;
  checking: boolean;
  again: boolean;
  empty: boolean;
}

interface Parts {
  readonly state: State;
  readonly store: Store;
  readonly clock: Clock;
  readonly folder: () => Promise<string>;
  /** Writes what is due (an expiry) before it returns. */
  readonly read: (id: string) => Promise<Approval>;
}

export class SharedWaits implements Waits {
  readonly #parts: Parts;
  readonly #waited = new Map<string, Waited>();
  #timer: NodeJS.Timeout | undefined;
  #stopWatch: (() => void) | undefined;
  #turns = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  wait(id: string, options: WaitOptions): Promise<Approval> {
    const waited = this.#waited.get(id) ?? newWaited();
    this.#waited.set(id, waited);
    const settled = attach(waited, options, () => this.changed(id));
    this.#start();
    if (waited.last === undefined || waited.checking) this.changed(id);
    else void this.#goOn(id, waited);
    return settled;
  }

  async #goOn(id: string, waited: Waited): Promise<void> {
    const stamp = await this.#parts.store.stamp(id).catch(() => undefined);
    const { last } = waited;
    const isSame = last !== undefined && stamp !== undefined && stamp === waited.stamp;
    if (isSame && !waited.checking && this.#parts.clock.now() < (last.useBy ?? last.decideBy)) this.#tell(waited, last);
    else this.changed(id);
  }

  changed(id: string): void {
    const waited = this.#waited.get(id);
    if (waited === undefined) return;
    waited.again = true;
    if (!waited.checking) void this.#check(id, waited);
  }

  /** One reading for all who wait for it, and another one if something changed while reading. */
  async #check(id: string, waited: Waited): Promise<void> {
    waited.checking = true;
    while (waited.again && waited.waiters.length > 0) {
      waited.again = false;
      try {
        waited.stamp = await this.#parts.store.stamp(id);
        waited.last = await this.#parts.read(id);
        this.#tell(waited, waited.last);
      } catch (thrown) {
        const { waiters } = waited;
        waited.last = undefined;
        waited.waiters = nobody;
        for (const waiter of waiters) ended(waiter).resolve(Promise.reject(thrown));
      }
    }
    // For nobody nothing is read: who waits next reads it then.
    if (waited.again) waited.last = undefined;
    waited.again = false;
    waited.checking = false;
  }

  #tell(waited: Waited, approval: Approval): void {
    waited.decideBy = approval.decideBy;
    const now = this.#parts.clock.now();
    const shown = [approval.state, approval.have, approval.votes.length, approval.awaited].join(' ');
    for (const waiter of waited.waiters) {
      const { until, signal, onChange, while: waitedFor = 'pending' } = waiter.options;
      if (approval.state !== waitedFor || signal.aborted || now >= until) {
        waited.waiters = waited.waiters.filter((each) => each !== waiter);
        ended(waiter).resolve(approval);
      } else if (shown !== waiter.shown) {
        const first = waiter.shown === '';
        waiter.shown = shown;
        if (!first) onChange?.(approval);
      }
    }
  }

  #start(): void {
    this.#timer ??= setInterval(() => this.#turn(), turn);
    if (this.#stopWatch !== undefined) return;
    let wanted = true;
    let stop = (): void => undefined;
    this.#stopWatch = () => {
      wanted = false;
      stop();
    };
    // Without a watch the wheel still looks, only later.
    this.#parts.folder().then(
      (folder) => {
        if (wanted) stop = this.#parts.state.watch(folder, (names) => void this.#lookAt(names ?? this.#waited.keys()));
      },
      () => undefined,
    );
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stopWatch?.();
    this.#stopWatch = undefined;
  }

  #turn(): void {
    const now = this.#parts.clock.now();
    const parts = Math.max(turnsToLook, Math.ceil(this.#waited.size / looksPerTurn));
    this.#turns++;
    const looked: string[] = [];
    let place = 0;
    // One loop, ten times a second, over all that wait: nothing is made in it.
    for (const [id, waited] of this.#waited) {
      if (isOver(waited)) this.#waited.delete(id);
      else if (isDue(waited, now)) this.changed(id);
      if (place++ % parts === this.#turns % parts) looked.push(id);
    }
    if (this.#waited.size === 0) this.#stop();
    else void this.#lookAt(looked);
  }

  /** Reads those whose folder changed since they were read last. Names of views are ids too. */
  async #lookAt(names: Iterable<string>): Promise<void> {
    await eachInTurn(names, async (name) => {
      const id = name.replace(/\.json$/, '');
      const waited = this.#waited.get(id);
      if (waited !== undefined && (await this.#parts.store.stamp(id)) !== waited.stamp) this.changed(id);
    });
  }
}

/** A function of its own, so that what each wait keeps is this and no more. */
const attach = (waited: Waited, options: WaitOptions, onAbort: () => void): Promise<Approval> =>
  new Promise((resolve) => {
    waited.waiters = waited.waiters.concat({ options, resolve, onAbort, shown: '' });
    options.signal.addEventListener('abort', onAbort, { once: true });
  });

function ended(waiter: Waiter): Waiter {
  waiter.options.signal.removeEventListener('abort', waiter.onAbort);
  return waiter;
}

function isDue({ decideBy, waiters }: Waited, now: number): boolean {
  if (now >= decideBy) return true;
  for (const { options } of waiters) if (now >= options.until) return true;
  return false;
}

/** Looked at a turn after the last one left: who only gives a note waits again at once. */
function isOver(waited: Waited): boolean {
  const isEmpty = waited.waiters.length === 0 && !waited.checking;
  const wasEmpty = waited.empty;
  waited.empty = isEmpty;
  return isEmpty && wasEmpty;
}

const nobody: readonly Waiter[] = [];

const newWaited = (): Waited => ({
  waiters: nobody,
  decideBy: Number.POSITIVE_INFINITY,
  stamp: undefined,
  last: undefined,
  checking: false,
  again: false,
  empty: false,
});
