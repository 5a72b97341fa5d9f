import { type Ident, ident } from '../domain/masked.ts';
import type { LogMask, MaskedStream, OnLogLine } from '../domain/masker.ts';
import { open, seal } from '../domain/seal.ts';
import { strip } from './strip.ts';

const newline = 0x0a;
/** Bytes of one line that are held to be compared, and characters of one line that are shown. */
const mostHeld = 65_536;
const mostShown = 8_000;
/** How many lines further the other end of a masked block of lines is looked for. */
const mostAhead = 500;
const time = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) /;

interface Held {
  readonly time: Ident | undefined;
  readonly text: string;
}

/**
 * Takes the times off the lines before the mask looks, so that a value over several lines stands there whole, and sets them
 * back by comparing: a line that comes out as it went in is that line. Which time a masked line gets is told by its neighbours;
 * that decides nothing but what is printed before it.
 */
export class LogLines implements LogMask {
  readonly #masked: MaskedStream;
  readonly #onLine: OnLogLine;
  /** Of the line that is coming: its first bytes until its end is there or it is long. */
  #coming: Buffer = Buffer.alloc(0);
  /** The beginning of the line that is coming has been given away already. */
  #begun = false;
  readonly #held: Held[] = [];
  #shown = '';
  #shownMore = 0;
  #taken = 0;
  lines = 0;

  constructor(masked: MaskedStream, onLine: OnLogLine) {
    this.#masked = masked;
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    let from = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      this.#add(bytes.subarray(from, end + 1));
      this.#give();
      this.#begun = false;
      from = end + 1;
    }
    if (from < bytes.length) this.#add(bytes.subarray(from));
    if (this.#coming.length > mostHeld) this.#give();
  }

  end(): void {
    if (this.#coming.length > 0) this.#give();
    this.#take(open(this.#masked.end()));
    if (this.#shown !== '' || this.#shownMore > 0) this.#emit();
  }

  #add(bytes: Uint8Array): void {
    this.#coming = this.#coming.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#coming, bytes]);
  }

  #give(): void {
    let bytes = this.#coming;
    this.#coming = Buffer.alloc(0);
    if (!this.#begun) {
      this.#begun = true;
      this.lines += 1;
      const head = time.exec(bytes.toString('latin1', 0, 64));
      if (head !== null) bytes = bytes.subarray(head[0].length);
      const text = strip(bytes.toString('utf8').replace(/\n$/, ''));
      this.#held.push({ time: head?.[1] === undefined ? undefined : ident(nineDigits(head[1])), text });
    }
    this.#take(open(this.#masked.push(bytes)));
  }

  #take(text: string): void {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#show(text.slice(from, end));
      this.#emit();
      from = end + 1;
    }
    this.#show(text.slice(from));
  }

  #show(part: string): void {
    const room = mostShown - this.#shown.length;
    this.#shown += part.slice(0, Math.max(0, room));
    this.#shownMore += Math.max(0, part.length - Math.max(0, room));
  }

  #emit(): void {
    const text = this.#shown;
    const more = this.#shownMore;
    this.#shown = '';
    this.#shownMore = 0;
    const at = this.#timeOf(more === 0 ? text : undefined);
    const shown = seal(more === 0 ? text : `${text}… ${more} more characters`);
    this.#onLine({ time: at, text: shown }, Math.max(0, this.#taken - 1));
  }

  #timeOf(text: string | undefined): Ident | undefined {
    const ahead = text === undefined ? -1 : this.#held.slice(0, mostAhead).findIndex((held) => held.text === text);
    const taken = this.#held.splice(0, Math.max(0, ahead) + 1);
    this.#taken += taken.length;
    const [own] = taken.slice(-1);
    return own?.time;
  }
}

/** So that times compare as text. */
function nineDigits(stamp: string): string {
  const [, seconds = '', digits = '', zone = ''] = /^([^.Z+]*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(stamp) ?? [];
  const utc = zone === 'Z' ? seconds : new Date(`${seconds}${zone}`).toISOString().slice(0, 19);
  return `${utc}.${digits.padEnd(9, '0')}Z`;
}
