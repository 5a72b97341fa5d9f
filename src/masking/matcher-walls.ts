import { opening } from './placeholder.ts';

/** Where our own placeholders stand in a text already. */
export interface Walls {
  meets(start: number, end: number): boolean;
  /** Where the one begins that a place is inside of; the place itself if it is in none. A text that is parted there keeps it whole. */
  beginOf(place: number): number;
  /** Where one may have begun that is not all there yet; the length of the text if none has. */
  readonly open: number;
}

const longest = 310;

/** Undefined: there are none. `own`: the placeholders that we make of this scope's values and of patterns; no others count. */
export function wallsIn(text: string, from: number, final: boolean, own: ReadonlySet<string>): Walls | undefined {
  const starts: number[] = [];
  const ends: number[] = [];
  let open = text.length;
  for (let at = text.indexOf(opening, from); at >= 0; at = text.indexOf(opening, at + 1)) {
    const length = text.slice(at, at + longest).indexOf(']') + 1;
    if (length === 0) {
      if (!final && text.length - at < longest) open = Math.min(open, at);
    } else if (own.has(text.slice(at, at + length))) {
      starts.push(at);
      ends.push(at + length);
    }
  }
  if (!final) open = Math.min(open, begun(text, from));
  return starts.length === 0 && open === text.length
    ? undefined
    : { open, meets: meeting(starts, ends), beginOf: beginning(starts, ends) };
}

/** Where the last characters are the first ones of a placeholder. */
function begun(text: string, from: number): number {
  for (let length = opening.length - 1; length > 0; length--)
    if (text.length - length >= from && text.endsWith(opening.slice(0, length))) return text.length - length;
  return text.length;
}

const beginning =
  (starts: readonly number[], ends: readonly number[]): Walls['beginOf'] =>
  (place) =>
    starts.find((start, index) => start < place && place < (ends[index] as number)) ?? place;

function meeting(starts: readonly number[], ends: readonly number[]): Walls['meets'] {
  return (start, end) => {
    let low = 0;
    let high = starts.length;
    // The first wall that ends behind the start.
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] as number) <= start) low = middle + 1;
      else high = middle;
    }
    return low < starts.length && (starts[low] as number) < end;
  };
}
