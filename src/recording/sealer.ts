import type { Encrypter } from 'age-encryption';
import type { Frame } from '../domain/recording.ts';
import { encrypterTo, sealFrames } from './sealing.ts';
import { Loan, type WriterLender } from './writer.ts';

/** Bytes of frames from which on another thread encrypts: it takes twice as long as the mask. */
const manySealed = 512 * 1024;

/** Encrypts frames; where there are many, in the thread that writes long recordings, so that it holds up nobody else. */
export class Sealer {
  readonly #recipients: readonly string[];
  readonly #encrypter: Encrypter;
  readonly #loan: Loan;
  #sealed = 0;

  /** @throws for a recipient that is none */
  constructor(recipients: readonly string[], lender: WriterLender) {
    this.#recipients = recipients;
    this.#encrypter = encrypterTo(recipients);
    this.#loan = new Loan(lender);
  }

  async seal(frames: readonly Frame[]): Promise<string> {
    for (const { bytes } of frames) this.#sealed += bytes.length;
    if (this.#sealed > manySealed) this.#loan.ask();
    try {
      const sealed = await this.#loan.thread?.seal(this.#recipients, frames);
      if (sealed !== undefined) return sealed;
    } catch {
      // This thread can do it as well.
    }
    return sealFrames(this.#encrypter, frames);
  }

  close(): void {
    this.#loan.end();
  }
}
