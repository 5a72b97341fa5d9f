import { CountersignError } from '../domain/errors.ts';
import { byteLength, cut, join, type Masked, say } from '../domain/masked.ts';
import type { MaskedStream, Masker, MaskScope } from '../domain/masker.ts';
import type { Frame, Recording } from '../domain/recording.ts';

/** Of what a program writes, so many bytes are kept for the answer; the recording has all. */
const mostKept = 1_000_000;

const channels = ['stdout', 'stderr'] as const;
type Channel = (typeof channels)[number];

/**
 * What a program writes: masked while it comes, in bounded memory, recorded as it is masked, and kept for the answer up to a
 * bound. A value that is cut over two frames is masked all the same.
 */
export class ProgramOutput {
  /** Bytes that the answer leaves out. */
  dropped = 0;
  readonly #recording: Recording;
  readonly #mostRecorded: number;
  readonly #streams: Readonly<Record<Channel, MaskedStream>>;
  readonly #kept: Readonly<Record<Channel, Masked<string>[]>> = { stdout: [], stderr: [] };
  #recorded = 0;
  #raw = 0;
  #size = 0;

  /** `mostRecorded`: bytes of one session that are recorded; a program that writes more is ended. */
  constructor(masker: Masker, scope: MaskScope, recording: Recording, mostRecorded: number) {
    this.#recording = recording;
    this.#mostRecorded = mostRecorded;
    this.#streams = { stdout: masker.stream(scope), stderr: masker.stream(scope) };
  }

  /** @throws Unknown where it cannot be recorded any more, or is more than may be: the session is then ended */
  async take(frame: Frame): Promise<void> {
    if (this.#recording.raw !== undefined) await this.#keepRaw(this.#recording.raw, frame);
    const { channel, bytes, time } = frame;
    if (channel === 'stdout' || channel === 'stderr')
      await this.#record(channel, this.#streams[channel].push(bytes), time);
  }

  /** What the masker kept back. Nothing is taken afterwards. */
  async end(time: number): Promise<void> {
    for (const channel of channels) await this.#record(channel, this.#streams[channel].end(), time);
  }

  text(channel: Channel): Masked<string> {
    return join(this.#kept[channel], say``);
  }

  /** What the mask leaves of it may be far less, so it has a bound of its own. */
  async #keepRaw(raw: (frame: Frame) => Promise<void>, frame: Frame): Promise<void> {
    this.#raw += frame.bytes.length;
    if (this.#raw > this.#mostRecorded) throw tooMuch(this.#mostRecorded);
    try {
      await raw(frame);
    } catch (cause) {
      throw notRecorded(cause);
    }
  }

  async #record(channel: Channel, text: Masked<string>, time: number): Promise<void> {
    const bytes = byteLength(text);
    if (bytes === 0) return;
    this.#recorded += bytes;
    if (this.#recorded > this.#mostRecorded) throw tooMuch(this.#mostRecorded);
    try {
      await this.#recording.write(channel, text, time);
    } catch (cause) {
      throw notRecorded(cause);
    }
    this.#keep(channel, text, bytes);
  }

  #keep(channel: Channel, text: Masked<string>, bytes: number): void {
    const room = mostKept - this.#size;
    if (room === 0) {
      this.dropped += bytes;
      return;
    }
    if (bytes <= room) {
      this.#size += bytes;
      this.#kept[channel].push(text);
      return;
    }
    const { head, leftBytes } = cut(text, room);
    // What comes later does not fill what is left of the room: an answer has no holes.
    this.#size = mostKept;
    this.dropped += leftBytes;
    this.#kept[channel].push(head);
  }
}

const tooMuch = (most: number): CountersignError =>
  new CountersignError(
    'Unknown',
    `the program wrote more than the ${most} bytes that are recorded: the session was ended`,
    {
      hint: 'look whether it still runs; let it write less, or into a file',
    },
  );

const notRecorded = (cause: unknown): CountersignError =>
  new CountersignError('Unknown', 'the session could not be recorded any more, and was ended', {
    hint: 'tell the operator to make room for recordings, and look whether the program still runs before you run it again',
    cause,
  });
