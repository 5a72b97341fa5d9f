import type { AuditLog } from '../domain/audit-event.ts';
import type { Clock, Log, Random } from '../domain/environment.ts';
import type { Head } from './chain-files.ts';
import type { FileOperations } from './file-operations.ts';

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
