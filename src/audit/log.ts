import { mkdir } from 'node:fs/promises';
import type { AuditEvent, AuditLog, LoneCall } from '../domain/audit-event.ts';
import { type Clock, type Log, newInvocationId, type Random } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { type Masked, open } from '../domain/masked.ts';
import { attachText } from './attached.ts';
import { beginChain, type Chain, type Entry } from './chain.ts';
import type { Head } from './chain-files.ts';
import { encodeEvent, encodeUnbounded, LaterEntry } from './encode.ts';
import { flushAtExit } from './exit.ts';
import { type FileOperations, realFiles } from './file-operations.ts';
import { nameOthers } from './heads.ts';

export interface AuditLogOptions {
  /** `<state>/audit`; made with mode 0700 if it is missing. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The id by which others ask whether this process lives; its chains name it. */
  readonly process?: string;
  /** The real ones unless a test breaks the disk. */
  readonly files?: FileOperations;
}

export interface OpenAuditLog extends AuditLog {
  /** Of all invocations of this process, for `auditIds` of the domain; the first line of its chain holds it. */
  readonly auditIdSeed: Uint8Array;
  /** Lines that are not known to be on disk yet. */
  readonly lag: number;
  /** The file that is written now, below the folder. */
  readonly file: string;
  /** The last line of it that is known to be on disk; undefined while the log cannot be written. */
  readonly head: Head | undefined;
  /**
   * Goes on in a new chain, whose first line names the end of this one; what is appended meanwhile is in the one or the other.
   * Where none can be begun the old one goes on.
   */
  rotate(): void;
  /** Called with the types of lines that are on disk now, before those who appended them hear of it. One listener. */
  onDurable(listener: (types: readonly { readonly type: string }[]) => void): void;
}

interface Waiting extends Entry {
  readonly done?: (failure?: CountersignError) => void;
}

/** A note waits so long for an append to ride with. */
const noteWithin = 40;
/** While the log cannot be written, how often it is tried without being asked. */
const tryAgainEvery = 1_000;
/** Above that many milliseconds a sync is handed to another thread in any case. */
const slowSync = 0.5;
/** Notes that are kept while the log cannot be written. */
const mostKept = 10_000;

/**
 * Opens the log with a new chain, whose first line names where the others stand. One process, one chain, one file.
 * @throws AuditUnavailable when the folder cannot be written
 */
export async function openAuditLog(options: AuditLogOptions): Promise<OpenAuditLog> {
  try {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw unavailable(options.folder, thrown);
  }
  const log = new GroupCommitLog(options);
  log.begin();
  return log;
}

class GroupCommitLog implements OpenAuditLog {
  readonly auditIdSeed: Uint8Array;
  readonly #options: AuditLogOptions;
  readonly #files: FileOperations;
  readonly #instance: string;
  #chain: Chain | undefined;
  #file = '';
  #queue: Waiting[] = [];
  /** Notes that stand in the file already; they are durable with the next sync. */
  #written: readonly Waiting[] = [];
  #writing: NodeJS.Immediate | undefined;
  /** Whether the last line was asked for by the only call under way. */
  #alone = false;
  #syncing = false;
  /** Lines that are being synced beside other work. */
  #inSync = 0;
  #healthy = true;
  #closed = false;
  #dropped = 0;
  #rotating = false;
  #listener: ((types: readonly Waiting[]) => void) | undefined;
  #noteTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  readonly #leaveExit: () => void;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#files = options.files ?? realFiles;
    this.auditIdSeed = options.random.bytes(32);
    this.#instance = newInvocationId(options.clock, options.random);
    this.#leaveExit = flushAtExit(() => this.#flushNow());
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  get lag(): number {
    return this.#queue.length + this.#written.length + this.#inSync;
  }

  get file(): string {
    return this.#file;
  }

  get head(): Head | undefined {
    return this.#chain?.head;
  }

  rotate(): void {
    this.#rotating = true;
    if (!this.#syncing) this.#rotateNow();
  }

  onDurable(listener: (types: readonly { readonly type: string }[]) => void): void {
    this.#listener = listener;
  }

  append(event: AuditEvent, lone?: LoneCall): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw unavailable(this.#options.folder, undefined);
      const entry = this.#entryOf(event);
      this.#queue.push({ ...entry, done: (failure) => (failure === undefined ? resolve() : reject(failure)) });
      this.#alone = lone !== undefined;
      this.#flush(lone === 'waits');
    });
  }

  async attach(text: Masked<string>): Promise<string> {
    try {
      return await attachText(this.#options.folder, open(text));
    } catch (thrown) {
      throw unavailable(this.#options.folder, thrown);
    }
  }

  note(event: AuditEvent): void {
    if (this.#closed) return;
    const entry = new LaterEntry(this.#options.clock.now(), event);
    if (this.#queue.length >= mostKept) this.#dropped += 1;
    else this.#queue.push(entry);
    this.#writeSoon();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#syncing) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#flushNow();
    clearTimeout(this.#noteTimer);
    clearTimeout(this.#retryTimer);
    this.#leaveExit();
    this.#chain?.close();
    this.#chain = undefined;
  }

  /** @throws AuditUnavailable */
  begin(): Chain {
    const { folder, clock, random, log } = this.#options;
    try {
      const id = Buffer.from(random.bytes(4)).toString('hex');
      const first = { time: clock.now(), type: 'ChainOpened', members: this.#firstMembers(log, folder) };
      this.#chain = beginChain(this.#files, folder, id, first);
      this.#file = this.#chain.file;
      return this.#chain;
    } catch (thrown) {
      throw unavailable(folder, thrown);
    }
  }

  #firstMembers(log: Log, folder: string): string {
    const { heads, torn } = nameOthers(folder, log);
    const { process } = this.#options;
    return encodeUnbounded({
      invocation: this.#instance,
      format: 1,
      ...(process === undefined ? {} : { process }),
      auditIdSeed: Buffer.from(this.auditIdSeed).toString('hex'),
      heads,
      torn,
    });
  }

  #entryOf(event: AuditEvent): Entry {
    return { time: this.#options.clock.now(), type: event.type, members: encodeEvent(event) };
  }

  /** A sync runs beside other work, if there is any; what is appended meanwhile goes together, with the next one. */
  #flush(inPlace = false): void {
    if (this.#syncing || this.#queue.length + this.#written.length === 0) return;
    const added = this.#takeQueue();
    const batch = this.#takeWritten(added);
    try {
      const chain = this.#chain ?? this.begin();
      chain.write(added);
      if (!inPlace || chain.pace > slowSync) {
        this.#syncBeside(chain, batch);
        return;
      }
      chain.sync();
    } catch (thrown) {
      this.#failed(batch, thrown);
      return;
    }
    this.#succeeded(batch);
  }

  #syncBeside(chain: Chain, batch: readonly Waiting[]): void {
    this.#syncing = true;
    this.#inSync = batch.length;
    chain
      .syncLater()
      .then(
        () => this.#succeeded(batch),
        (thrown: unknown) => this.#failed(batch, thrown),
      )
      .finally(() => {
        this.#syncing = false;
        this.#inSync = 0;
        if (this.#rotating) this.#rotateNow();
        for (const resolve of this.#idle.splice(0)) resolve();
        if (this.#queue.some(({ done }) => done !== undefined)) this.#flush();
        else if (this.#queue.length > 0) this.#writeSoon();
      });
  }

  /** For the end: everything that waits, in this tick. */
  #flushNow(): void {
    if (this.#queue.length === 0 && this.#chain === undefined) return;
    const added = this.#takeQueue();
    const batch = this.#takeWritten(added);
    try {
      if (added.length > 0) (this.#chain ?? this.begin()).write(added);
      this.#chain?.sync();
    } catch (thrown) {
      this.#failed(batch, thrown);
      return;
    }
    this.#succeeded(batch);
  }

  /**
   * While nobody else is served, notes are written as soon as their call has its request or its answer away, so that the next
   * call has only its own line to write before its sync.
   */
  #writeEarly(): void {
    this.#writing = undefined;
    const chain = this.#chain;
    if (!this.#alone || this.#syncing || chain === undefined || this.#queue.length === 0) return;
    const added = this.#queue;
    this.#queue = [];
    try {
      chain.write(added);
      this.#written = [...this.#written, ...added];
    } catch (thrown) {
      this.#failed(this.#takeWritten(added), thrown);
    }
  }

  /** No sync runs. Notes that stand in the file already are made durable first: its end is what the next one names. */
  #rotateNow(): void {
    this.#rotating = false;
    const old = this.#chain;
    if (old === undefined || this.#closed) return;
    const written = this.#written;
    try {
      if (written.length > 0) old.sync();
    } catch (thrown) {
      this.#failed(this.#takeWritten([]), thrown);
      return;
    }
    if (written.length > 0) this.#succeeded(this.#takeWritten([]));
    try {
      this.begin();
      old.close();
    } catch (thrown) {
      this.#options.log.warn('the audit log stays in the chain that it is in', { cause: String(thrown) });
    }
  }

  #takeWritten(added: readonly Waiting[]): readonly Waiting[] {
    const written = this.#written;
    this.#written = [];
    return written.length === 0 ? added : [...written, ...added];
  }

  #writeSoon(): void {
    this.#writing ??= setImmediate(() => this.#writeEarly()).unref();
    this.#noteTimer ??= setTimeout(() => this.#flush(), noteWithin).unref();
  }

  #takeQueue(): readonly Waiting[] {
    clearTimeout(this.#noteTimer);
    this.#noteTimer = undefined;
    const batch = this.#queue;
    this.#queue = [];
    return batch;
  }

  #succeeded(batch: readonly Waiting[]): void {
    if (!this.#healthy) this.#options.log.info('the audit log can be written again', { file: this.#file });
    this.#healthy = true;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#tellDropped();
    if (batch.length > 0) this.#listener?.(batch);
    for (const { done } of batch) done?.();
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    this.#options.log.error('outcomes of reads are missing in the audit log', { dropped: this.#dropped });
    this.#dropped = 0;
  }

  /** Nothing is written to this file again: after a failed sync nobody knows what of it is on disk. */
  #failed(batch: readonly Waiting[], thrown: unknown): void {
    const failure = thrown instanceof CountersignError ? thrown : unavailable(this.#options.folder, thrown);
    if (this.#healthy) this.#options.log.error('the audit log cannot be written', { cause: failure.message });
    this.#healthy = false;
    this.#chain?.close();
    this.#chain = undefined;
    this.#queue = [...batch.filter(({ done }) => done === undefined), ...this.#queue];
    if (!this.#closed) this.#retryTimer ??= setTimeout(() => this.#tryAgain(), tryAgainEvery).unref();
    for (const { done } of batch) done?.(failure);
  }

  /** Readiness is red now, so perhaps nobody calls: beginning a chain tells whether the disk is well again. */
  #tryAgain(): void {
    this.#retryTimer = undefined;
    if (this.#closed || this.#syncing) return;
    try {
      this.#chain ??= this.begin();
    } catch (thrown) {
      this.#failed([], thrown);
      return;
    }
    this.#flushNow();
  }
}

function unavailable(folder: string, cause: unknown): CountersignError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new CountersignError('AuditUnavailable', `the audit log in ${folder} cannot be written${code}`, {
    hint: 'make room or make the folder writable; the log goes on by itself then',
    ...(cause === undefined ? {} : { cause }),
  });
}
