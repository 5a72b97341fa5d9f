import { mkdir } from 'node:fs/promises';
import type { AuditEvent, LoneCall } from '../domain/audit-event.ts';
import { CountersignError } from '../domain/errors.ts';
import { type Masked, open } from '../domain/masked.ts';
import { attachText } from './attached.ts';
import type { Chain, Entry } from './chain.ts';
import type { Head } from './chain-files.ts';
import { ChainStarter } from './chain-starter.ts';
import { encodeEvent, LaterEntry } from './encode.ts';
import { flushAtExit } from './exit.ts';
import type { AuditLogOptions, OpenAuditLog } from './open-log.ts';
import { Pending, type Waiting } from './pending.ts';
import { unavailable } from './unavailable.ts';

/** A note waits so long for an append to ride with. */
const noteWithin = 40;
/** While the log cannot be written, how often it is tried without being asked. */
const tryAgainEvery = 1_000;
/** Above that many milliseconds a sync is handed to another thread in any case. */
const slowSync = 0.5;

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
  readonly #options: AuditLogOptions;
  readonly #starter: ChainStarter;
  readonly #pending = new Pending();
  #chain: Chain | undefined;
  #file = '';
  #writing: NodeJS.Immediate | undefined;
  /** Whether the last line was asked for by the only call under way. */
  #alone = false;
  #syncing = false;
  /** Lines that are being synced beside other work. */
  #inSync = 0;
  #healthy = true;
  #closed = false;
  #rotating = false;
  #listener: ((types: readonly Waiting[]) => void) | undefined;
  #noteTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  readonly #leaveExit: () => void;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#starter = new ChainStarter(options);
    this.#leaveExit = flushAtExit(() => this.#flushNow());
  }

  get auditIdSeed(): Uint8Array {
    return this.#starter.auditIdSeed;
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  get lag(): number {
    return this.#pending.size + this.#inSync;
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
      this.#pending.add({ ...entry, done: (failure) => (failure === undefined ? resolve() : reject(failure)) });
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
    this.#pending.addNote(new LaterEntry(this.#options.clock.now(), event));
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
    this.#chain = this.#starter.begin();
    this.#file = this.#chain.file;
    return this.#chain;
  }

  #entryOf(event: AuditEvent): Entry {
    return { time: this.#options.clock.now(), type: event.type, members: encodeEvent(event) };
  }

  /** A sync runs beside other work, if there is any; what is appended meanwhile goes together, with the next one. */
  #flush(inPlace = false): void {
    if (this.#syncing || this.#pending.size === 0) return;
    const added = this.#takeQueue();
    const batch = this.#pending.takeWritten(added);
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
        if (this.#pending.isAwaited) this.#flush();
        else if (this.#pending.hasQueued) this.#writeSoon();
      });
  }

  /** For the end: everything that waits, in this tick. */
  #flushNow(): void {
    if (!this.#pending.hasQueued && this.#chain === undefined) return;
    const added = this.#takeQueue();
    const batch = this.#pending.takeWritten(added);
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
    if (!this.#alone || this.#syncing || chain === undefined || !this.#pending.hasQueued) return;
    const added = this.#pending.takeQueue();
    try {
      chain.write(added);
      this.#pending.areWritten(added);
    } catch (thrown) {
      this.#failed(this.#pending.takeWritten(added), thrown);
    }
  }

  /** No sync runs. Notes that stand in the file already are made durable first: its end is what the next one names. */
  #rotateNow(): void {
    this.#rotating = false;
    const old = this.#chain;
    if (old === undefined || this.#closed) return;
    const { hasWritten } = this.#pending;
    try {
      if (hasWritten) old.sync();
    } catch (thrown) {
      this.#failed(this.#pending.takeWritten([]), thrown);
      return;
    }
    if (hasWritten) this.#succeeded(this.#pending.takeWritten([]));
    try {
      this.begin();
      old.close();
    } catch (thrown) {
      this.#options.log.warn('the audit log stays in the chain that it is in', { cause: String(thrown) });
    }
  }

  #writeSoon(): void {
    this.#writing ??= setImmediate(() => this.#writeEarly()).unref();
    this.#noteTimer ??= setTimeout(() => this.#flush(), noteWithin).unref();
  }

  #takeQueue(): readonly Waiting[] {
    clearTimeout(this.#noteTimer);
    this.#noteTimer = undefined;
    return this.#pending.takeQueue();
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
    const { dropped } = this.#pending;
    if (dropped === 0) return;
    this.#options.log.error('outcomes of reads are missing in the audit log', { dropped });
    this.#pending.dropped = 0;
  }

  /** Nothing is written to this file again: after a failed sync nobody knows what of it is on disk. */
  #failed(batch: readonly Waiting[], thrown: unknown): void {
    const failure = thrown instanceof CountersignError ? thrown : unavailable(this.#options.folder, thrown);
    if (this.#healthy) this.#options.log.error('the audit log cannot be written', { cause: failure.message });
    this.#healthy = false;
    this.#chain?.close();
    this.#chain = undefined;
    this.#pending.putBack(batch);
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
