import { Kinds } from './kinds.ts';
import { Store } from './store.ts';

/** Everything that one sandbox holds; clock and randomness come from outside. */
export interface World {
  readonly store: Store;
  readonly kinds: Kinds;
  readonly now: () => Date;
  /** In [0, 1). */
  readonly random: () => number;
}

export const newWorld = (now: () => Date, random: () => number): World => ({
  store: new Store(),
  kinds: new Kinds(),
  now,
  random,
});

const hex = (random: () => number, length: number): string =>
  Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');

/** A version 4 UUID (RFC 9562) from the world's randomness: an identifier, not a secret. */
export function newUid({ random }: World): string {
  const variant = '89ab'.charAt(Math.floor(random() * 4));
  return `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-${variant}${hex(random, 3)}-${hex(random, 12)}`;
}

const nameLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** The random end of a generated name. */
export const nameSuffix = ({ random }: World, length = 5): string =>
  Array.from({ length }, () => nameLetters.charAt(Math.floor(random() * nameLetters.length))).join('');
