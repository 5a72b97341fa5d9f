import { newInvocationId } from '../domain/environment.ts';
import { beginChain, type Chain } from './chain.ts';
import { encodeUnbounded } from './encode.ts';
import { type FileOperations, realFiles } from './file-operations.ts';
import { nameOthers } from './heads.ts';
import type { AuditLogOptions } from './open-log.ts';
import { unavailable } from './unavailable.ts';

/** Begins the chains of one process: its first, and one after each end of a file and each fault of the disk. */
export class ChainStarter {
  /** Of all invocations of this process. */
  readonly auditIdSeed: Uint8Array;
  readonly #options: AuditLogOptions;
  readonly #files: FileOperations;
  readonly #instance: string;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#files = options.files ?? realFiles;
    this.auditIdSeed = options.random.bytes(32);
    this.#instance = newInvocationId(options.clock, options.random);
  }

  /** @throws AuditUnavailable */
  begin(): Chain {
    const { folder, clock, random } = this.#options;
    try {
      const id = Buffer.from(random.bytes(4)).toString('hex');
      const first = { time: clock.now(), type: 'ChainOpened', members: this.#firstMembers() };
      return beginChain(this.#files, folder, id, first);
    } catch (thrown) {
      throw unavailable(folder, thrown);
    }
  }

  #firstMembers(): string {
    const { folder, log, process } = this.#options;
    const { heads, torn } = nameOthers(folder, log);
    return encodeUnbounded({
      invocation: this.#instance,
      format: 1,
      ...(process === undefined ? {} : { process }),
      auditIdSeed: Buffer.from(this.auditIdSeed).toString('hex'),
      heads,
      torn,
    });
  }
}
