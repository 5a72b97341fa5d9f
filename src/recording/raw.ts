import type { Clock } from '../domain/environment.ts';
import type { Frame } from '../domain/recording.ts';
import type { ChainFile } from './chain-file.ts';
import { Sealer } from './sealer.ts';
import type { WriterLender } from './writer.ts';

/** Bytes of frames that are encrypted together: each batch is an age file of its own, so that what was written can be read. */
const batchBytes = 256 * 1024;
/** Milliseconds after which a frame is written, however little came. */
const batchWithin = 1_000;

/** Begins the file with its first line. @throws for a recipient that is none, and what node:fs throws */
export async function openRaw(
  file: ChainFile,
  recording: string,
  recipients: readonly string[],
  clock: Clock,
  lender: WriterLender,
): Promise<RawFrames> {
  const sealer = new Sealer(recipients, lender);
  await file.add({ type: 'RawOpened', time: clock.now(), fields: { recording, rawTo: [...recipients] } });
  await file.sync();
  return new RawFrames(file, sealer, clock);
}

/**
 * Frames as they came off the wire, encrypted to keys whose private halves are elsewhere: not even this process can read them
 * again. https://age-encryption.org/v1
 */
export class RawFrames {
  readonly #file: ChainFile;
  readonly #sealer: Sealer;
  readonly #clock: Clock;
  #batch: Frame[] = [];
  #size = 0;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #failure: { readonly cause: unknown } | undefined;

  constructor(file: ChainFile, sealer: Sealer, clock: Clock) {
    this.#file = file;
    this.#sealer = sealer;
    this.#clock = clock;
  }

  /** @throws what an earlier write threw, too */
  async take({ channel, bytes, time }: Frame): Promise<void> {
    this.#assertGood();
    // A copy: a small frame would keep all that was read with it.
    this.#batch.push({ channel, bytes: new Uint8Array(bytes), time });
    this.#size += bytes.length;
    if (this.#size >= batchBytes) await this.#flush();
    else this.#timer ??= setTimeout(() => void this.#flush(), batchWithin).unref();
    this.#assertGood();
  }

  /** Writes what waits; `sha256:…` of the last line. */
  async end(): Promise<string> {
    await this.#flush();
    this.#assertGood();
    await this.#file.sync();
    return this.#file.root;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#batch = [];
    this.#sealer.close();
    this.#file.close();
  }

  /** One batch after the other. Never rejects: what fails is told by `take` and `end`. */
  #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#batch;
    this.#batch = [];
    this.#size = 0;
    if (batch.length > 0) this.#writing = this.#writing.then(() => this.#write(batch));
    return this.#writing;
  }

  async #write(batch: readonly Frame[]): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      const age = await this.#sealer.seal(batch);
      await this.#file.add({ type: 'RawFrames', time: this.#clock.now(), fields: {}, text: ['age', age] });
      await this.#file.written();
    } catch (cause) {
      this.#failure = { cause };
    }
  }

  #assertGood(): void {
    if (this.#failure !== undefined) throw this.#failure.cause;
  }
}
