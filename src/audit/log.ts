import { mkdir } from 'node:fs/promises';
import type { AuditEvent, Meanwhile } from '../domain/audit-event.ts';
import { type Masked, open } from '../domain/masked.ts';
import { attachText } from './attached.ts';
import type { Chain } from './chain.ts';
import type { Head } from './chain-files.ts';
import { ChainStarter } from './chain-starter.ts';
import { encodeEvent } from './encode.ts';
import { flushAtExit } from './exit.ts';
import { Health } from './health.ts';
import type { AuditLogOptions, OpenAuditLog } from './open-log.ts';
import { Batch, Pending } from './pending.ts';
import { unavailable } from './unavailable.ts';

/** A note waits so long for an append to ride with. */
const noteWithin = 40;

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
  readonly #health: Health;
  #chain: Chain | undefined;
  #file = '';
  /** Of the last line that somebody waits for: how many calls were doing something. */
  #atWork = Number.POSITIVE_INFINITY;
  #endOfTurn: NodeJS.Immediate | undefined;
  /** What is being synced beside other work. */
  #inSync: Batch | undefined;
  #closed = false;
  #rotating = false;
  #listener: ((types: readonly { readonly type: string }[]) => void) | undefined;
  #noteTimer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  readonly #leaveExit: () => void;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#starter = new ChainStarter(options);
    this.#health = new Health(options, () => this.#tryAgain());
    this.#leaveExit = flushAtExit(() => this.#flushNow());
  }

  get auditIdSeed(): Uint8Array {
    return this.#starter.auditIdSeed;
  }

  get healthy(): boolean {
    return this.#health.isGood;
  }

  get lag(): number {
    return this.#pending.size + (this.#inSync?.lines.length ?? 0);
  }

  get file(): string {
    return this.#file;
  }

  get head(): Head | undefined {
    return this.#chain?.head;
  }

  rotate(): void {
    this.#rotating = true;
    if (this.#inSync === undefined) this.#rotateNow();
  }

  onDurable(listener: (types: readonly { readonly type: string }[]) => void): void {
    this.#listener = listener;
  }

  append(event: AuditEvent, meanwhile?: Meanwhile, atWork = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#closed) return Promise.reject(unavailable(this.#options.folder, undefined));
    let members: string;
    try {
      members = encodeEvent(event);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
    const time = this.#options.clock.now();
    const durable = this.#pending.add({ time, type: event.type, members, isNote: false });
    this.#atWork = atWork;
    if (atWork > 1) this.#soon();
    else this.#flush(meanwhile === 'waits');
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
    const members = encodeEvent(event);
    this.#pending.addNote({ time: this.#options.clock.now(), type: event.type, members, isNote: true });
    this.#noteSoon();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#health.end();
    if (this.#inSync !== undefined) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#flushNow();
    clearTimeout(this.#noteTimer);
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

  /** Others may append in this turn of the event loop: their lines go together. */
  #soon(): void {
    this.#endOfTurn ??= setImmediate(() => {
      this.#endOfTurn = undefined;
      const { awaited } = this.#pending;
      if (awaited > 0) this.#flush(awaited >= this.#atWork);
    });
  }

  /**
   * A note is left alone until then: its call has just sent its request or its answer, and on a busy machine whoever was woken by
   * that has no processor before this thread rests.
   */
  #noteSoon(): void {
    this.#noteTimer ??= setTimeout(() => {
      this.#noteTimer = undefined;
      this.#flush();
    }, noteWithin).unref();
  }

  /**
   * A sync runs beside other work, if there is any; what is appended meanwhile goes together, with the next one. `inPlace`: nobody
   * has anything else to do.
   */
  #flush(inPlace = false): void {
    if (this.#inSync !== undefined || this.#pending.size === 0) return;
    const batch = this.#take();
    const chain = this.#written(batch);
    if (chain === undefined) return;
    if (inPlace && chain.isQuick) this.#sync(chain, batch);
    else this.#syncBeside(chain, batch);
  }

  /** For the end: everything that waits, in this tick. */
  #flushNow(): void {
    if (this.#pending.size === 0 && this.#chain === undefined) return;
    const batch = this.#take();
    const chain = this.#written(batch);
    if (chain !== undefined) this.#sync(chain, batch);
  }

  #take(): Batch {
    clearTimeout(this.#noteTimer);
    this.#noteTimer = undefined;
    return this.#pending.take();
  }

  /** The chain that holds its lines now. Undefined where it cannot be written: all who wait are told. */
  #written(batch: Batch): Chain | undefined {
    try {
      const chain = this.#chain ?? this.begin();
      chain.write(batch.lines);
      return chain;
    } catch (thrown) {
      this.#failed(batch, thrown);
      return undefined;
    }
  }

  /** In this tick; says whether it could be done. */
  #sync(chain: Chain, batch: Batch): boolean {
    try {
      chain.sync();
    } catch (thrown) {
      this.#failed(batch, thrown);
      return false;
    }
    this.#succeeded(batch);
    return true;
  }

  #syncBeside(chain: Chain, batch: Batch): void {
    this.#inSync = batch;
    chain
      .syncLater()
      .then(
        () => this.#succeeded(batch),
        (thrown: unknown) => this.#failed(batch, thrown),
      )
      .finally(() => this.#goOn());
  }

  /** After a sync beside other work: what came meanwhile. */
  #goOn(): void {
    if (this.#inSync !== undefined) return;
    if (this.#rotating) this.#rotateNow();
    for (const resolve of this.#idle.splice(0)) resolve();
    if (this.#pending.awaited > 0) this.#soon();
    else if (this.#pending.size > 0) this.#noteSoon();
  }

  /** No sync runs. */
  #rotateNow(): void {
    this.#rotating = false;
    const old = this.#chain;
    if (old === undefined || this.#closed) return;
    try {
      this.begin();
      old.close();
    } catch (thrown) {
      this.#options.log.warn('the audit log stays in the chain that it is in', { cause: String(thrown) });
    }
  }

  #succeeded(batch: Batch): void {
    if (batch === this.#inSync) this.#inSync = undefined;
    this.#health.succeeded(this.#file, this.#pending.takeDropped());
    if (batch.lines.length > 0) this.#listener?.(batch.lines);
    batch.settle();
  }

  /** Nothing is written to this file again: after a failed sync nobody knows what of it is on disk. */
  #failed(batch: Batch, thrown: unknown): void {
    if (batch === this.#inSync) this.#inSync = undefined;
    const failure = this.#health.failed(thrown);
    this.#chain?.close();
    this.#chain = undefined;
    this.#pending.putBack(batch);
    batch.settle(failure);
  }

  #tryAgain(): void {
    if (this.#closed || this.#inSync !== undefined) return;
    try {
      this.#chain ??= this.begin();
    } catch (thrown) {
      this.#failed(new Batch(), thrown);
      return;
    }
    this.#flushNow();
  }
}
