import type { CheckpointCause, Checkpoints } from '../../domain/checkpoint.ts';
import type { Clock, Log } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';
import { ident } from '../../domain/masked.ts';
import type { Head } from '../chain-files.ts';
import { Frontier } from '../heads.ts';
import type { OpenAuditLog } from '../open-log.ts';
import { statementLines } from './body.ts';
import { checkSignatures, formatNote, type Note } from './note.ts';
import { type CheckpointSink, Outbox, type SinkState } from './outbox.ts';
import type { Signer } from './signer.ts';

export interface CheckpointOptions {
  readonly audit: OpenAuditLog;
  /** `<state>/audit` */
  readonly folder: string;
  readonly signer: Signer;
  readonly sinks: readonly CheckpointSink[];
  readonly everyLines: number;
  readonly everySeconds: number;
  /** Bytes after which a file is followed by a new one. */
  readonly segmentBytes: number;
  readonly mayWaitSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Told when a sink begins to fail and when it works again, for other processes to look at. */
  readonly changed?: (states: readonly SinkState[]) => void;
}

/** Heads of other chains in one note: a line has 64 KiB. The rest goes into the next one. */
const mostHeads = 300;
/** Milliseconds that a clean stop waits for sinks. */
const stopWithin = 3_000;
const day = 86_400_000;

/** What is no news: else a checkpoint would be a reason for the next one. */
const own = new Set(['Checkpoint', 'ChainOpened']);
const votes = new Set(['ApprovalVoted', 'VoteWithdrawn']);

/**
 * Makes checkpoints of the log that it is given: at every vote, after so many lines, so long after a line, when a file is full or
 * the day is over (then the log goes on in a new file), and at the end. Nobody waits for them.
 */
export function createCheckpoints(options: CheckpointOptions): Checkpoints {
  return new Maker(options);
}

class Maker implements Checkpoints {
  readonly #options: CheckpointOptions;
  readonly #frontier: Frontier;
  readonly #outboxes: readonly Outbox[];
  #making: Promise<unknown> = Promise.resolve();
  /** Lines that no checkpoint covers. */
  #lines = 0;
  #asked = new Set<CheckpointCause>();
  #timer: NodeJS.Timeout | undefined;
  #day: number;
  /** Where the chain stood when it was last to be followed by another. */
  #tried: Head | undefined;
  #unsignedSince: number | undefined;
  #closed = false;

  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#frontier = new Frontier(options.folder, options.log);
    this.#day = this.#today();
    const changed = (): void => options.changed?.(this.#outboxes.map(({ state }) => state));
    this.#outboxes = options.sinks.map((sink) => new Outbox(sink, options.clock, options.log, changed));
    options.audit.onDurable((lines) => this.#noticed(lines));
  }

  fault(): string | undefined {
    const late = this.#options.clock.now() - this.#options.mayWaitSeconds * 1_000;
    if ((this.#unsignedSince ?? Number.POSITIVE_INFINITY) <= late) return 'checkpoints of the audit log cannot be made';
    const stuck = this.#outboxes.some(({ state }) => (state.failingSince ?? Number.POSITIVE_INFINITY) <= late);
    return stuck ? 'checkpoints of the audit log do not leave this machine' : undefined;
  }

  now(because: CheckpointCause): Promise<string> {
    // One after the other: what one names the next need not.
    const made = this.#making.then(() => this.#make(because));
    this.#making = made.catch(() => undefined);
    return made;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#making;
    if (this.#lines > 0) await this.now('stop').catch((thrown: unknown) => this.#failed(thrown));
    let late: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => {
      late = setTimeout(resolve, stopWithin);
    });
    await Promise.race([Promise.all(this.#outboxes.map((each) => each.idle())), waited]);
    clearTimeout(late);
    for (const each of this.#outboxes) each.stop();
  }

  /** In the tick in which callers learn that their lines are on disk: as little as can be. */
  #noticed(lines: readonly { readonly type: string }[]): void {
    let voted = false;
    for (const { type } of lines) {
      if (own.has(type)) continue;
      this.#lines += 1;
      if (votes.has(type)) voted = true;
    }
    if (this.#lines === 0 || this.#closed) return;
    this.#askInTime();
    if (voted) this.#ask('vote');
    if (this.#lines >= this.#options.everyLines) this.#ask('lines');
    if (this.#isFull()) this.#ask('rotation');
  }

  #askInTime(): void {
    this.#timer ??= setTimeout(() => this.#ask('time'), this.#options.everySeconds * 1_000).unref();
  }

  #isFull(): boolean {
    const { head } = this.#options.audit;
    // Where no new file could be begun, the old one goes on for as long again.
    const since = head !== undefined && head.file === this.#tried?.file ? this.#tried.end : 0;
    return (head?.end ?? 0) - since >= this.#options.segmentBytes || this.#today() !== this.#day;
  }

  #today(): number {
    return Math.floor(this.#options.clock.now() / day);
  }

  #ask(because: CheckpointCause): void {
    if (this.#asked.has(because)) return;
    this.#asked.add(because);
    setImmediate(() => {
      this.now(because)
        .catch((thrown: unknown) => this.#failed(thrown))
        .finally(() => {
          this.#asked.delete(because);
          if (because === 'rotation') this.#rotate();
        });
    });
  }

  /** A checkpoint stands near its end, so that it can be verified where it is archived. */
  #rotate(): void {
    if (this.#closed || !this.#isFull()) return;
    this.#day = this.#today();
    this.#tried = this.#options.audit.head;
    this.#options.audit.rotate();
  }

  async #make(because: CheckpointCause): Promise<string> {
    const { audit, signer, clock } = this.#options;
    for (;;) {
      const head = audit.head;
      if (head === undefined) throw new CountersignError('Unavailable', 'the audit log cannot be written');
      const covered = this.#lines;
      const others = this.#frontier.others(head, mostHeads);
      const lines = statementLines(clock.now(), because, [head, ...others]);
      const text = lines.map((line) => `${line}\n`).join('');
      const note = { text, signatures: await signer.sign(text) };
      await this.#check(note);
      const fields = { note: lines.map(ident), signatures: note.signatures.map(ident) };
      await audit.append({ type: 'Checkpoint', invocation: '', fields });
      this.#frontier.areNamed(others);
      if (others.length < mostHeads) return this.#made(formatNote(note), covered);
    }
  }

  /** A program that signs with another key than the published one makes notes that nobody can verify. */
  async #check(note: Note): Promise<void> {
    if (checkSignatures(note, await this.#options.signer.keys()) !== 'good')
      throw new CountersignError('Unavailable', 'a checkpoint was signed with another key than the published one');
  }

  #made(note: string, covered: number): string {
    this.#lines -= covered;
    this.#unsignedSince = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines > 0 && !this.#closed) this.#askInTime();
    for (const each of this.#outboxes) each.offer(note);
    return note;
  }

  /** Calls go on: what is written is chained and durable, and the next checkpoint binds it as well. Readiness says so. */
  #failed(thrown: unknown): void {
    this.#timer = undefined;
    if (!this.#closed) this.#askInTime();
    if (this.#unsignedSince !== undefined) return;
    this.#unsignedSince = this.#options.clock.now();
    const cause = thrown instanceof Error ? thrown.message : String(thrown);
    this.#options.log.error('a checkpoint of the audit log cannot be made', { cause });
  }
}
