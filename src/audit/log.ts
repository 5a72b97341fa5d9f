import { mkdir } from 'node:fs/promises';
import type { AuditEvent, LoneCall } from '../domain/audit-event.ts';
import { CountersignError } from '../domain/errors.ts';
import { type Masked, open } from '../domain/masked.ts';
import { attachText } from './attached.ts';
import type { Chain } from './chain.ts';
import type { Head } from './chain-files.ts';
import { ChainStarter } from './chain-starter.ts';
import { encodeEvent, LaterEntry } from './encode.ts';
import { flushAtExit } from './exit.ts';
import type { AuditLogOptions, OpenAuditLog } from './open-log.ts';
import { Batch, Pending } from './pending.ts';
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
  #listener: ((types: readonly { readonly type: string }[]) => void) | undefined;
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
    if (this.#closed) return Promise.reject(unavailable(this.#options.folder, undefined));
    let members: string;
    try {
      members = encodeEvent(event);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
    const time = this.#options.clock.now();
    const durable = this.#pending.add({ time, type: event.type, members, isNote: false });
    this.#alone = lone !== undefined;
    this.#flush(lone === 'waits');
    return durable;
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

  /** A sync runs beside other work, if there is any; what is appended meanwhile goes together, with the next one. */
  #flush(inPlace = false): void {
    if (this.#syncing || this.#pending.size === 0) return;
    const batch = this.#take();
    try {
      const chain = this.#chain ?? this.begin();
      chain.write(batch.lines);
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

  #syncBeside(chain: Chain, batch: Batch): void {
    this.#syncing = true;
    this.#inSync = batch.all.length;
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
    const batch = this.#take();
    try {
      if (batch.lines.length > 0) (this.#chain ?? this.begin()).write(batch.lines);
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
    const batch = this.#pending.take();
    try {
      chain.write(batch.lines);
    } catch (thrown) {
      this.#failed(batch, thrown);
      return;
    }
    this.#pending.areWritten(batch);
  }

  /** No sync runs. Notes that stand in the file already are made durable first: its end is what the next one names. */
  #rotateNow(): void {
    this.#rotating = false;
    const old = this.#chain;
    if (old === undefined || this.#closed) return;
    if (this.#pending.hasWritten && !this.#syncWritten(old)) return;
    try {
      this.begin();
      old.close();
    } catch (thrown) {
      this.#options.log.warn('the audit log stays in the chain that it is in', { cause: String(thrown) });
    }
  }

  #syncWritten(chain: Chain): boolean {
    const batch = this.#pending.takeWritten();
    try {
      chain.sync();
    } catch (thrown) {
      this.#failed(batch, thrown);
      return false;
    }
    this.#succeeded(batch);
    return true;
  }

  #writeSoon(): void {
    this.#writing ??= setImmediate(() => this.#writeEarly()).unref();
    this.#noteTimer ??= setTimeout(() => this.#flush(), noteWithin).unref();
  }

  #take(): Batch {
    clearTimeout(this.#noteTimer);
    this.#noteTimer = undefined;
    return this.#pending.take();
  }

  #succeeded(batch: Batch): void {
    if (!this.#healthy) this.#options.log.info('the audit log can be written again', { file: this.#file });
    this.#healthy = true;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#tellDropped();
    const { all } = batch;
    if (all.length > 0) this.#listener?.(all);
    batch.settle();
  }

  #tellDropped(): void {
    const { dropped } = this.#pending;
    if (dropped === 0) return;
    this.#options.log.error('outcomes of reads are missing in the audit log', { dropped });
    this.#pending.dropped = 0;
  }

  /** Nothing is written to this file again: after a failed sync nobody knows what of it is on disk. */
  #failed(batch: Batch, thrown: unknown): void {
    const failure = thrown instanceof CountersignError ? thrown : unavailable(this.#options.folder, thrown);
    if (this.#healthy) this.#options.log.error('the audit log cannot be written', { cause: failure.message });
    this.#healthy = false;
    this.#chain?.close();
    this.#chain = undefined;
    this.#pending.putBack(batch);
    if (!this.#closed) this.#retryTimer ??= setTimeout(() => this.#tryAgain(), tryAgainEvery).unref();
    batch.settle(failure);
  }

  /** Readiness is red now, so perhaps nobody calls: beginning a chain tells whether the disk is well again. */
  #tryAgain(): void {
    this.#retryTimer = undefined;
    if (this.#closed || this.#syncing) return;
    try {
      this.#chain ??= this.begin();
    } catch (thrown) {
      this.#failed(new Batch(), thrown);
      return;
    }
    this.#flushNow();
  }
}
