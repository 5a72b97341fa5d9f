import type { KnownValue } from '../domain/masker.ts';
import { distinct } from './reach-held.ts';

/** Of these what was joined last is kept. */
const most = 64;

/**
 * Several lists as one, and the same array for the same lists: what looks for values is made once an array and is dear. What a
 * pod spells out is a new list at each call, so it goes by what is in it.
 */
export class Joined {
  readonly #ids = new WeakMap<readonly KnownValue[], number>();
  readonly #made = new Map<string, readonly KnownValue[]>();
  readonly #byContent = new Map<string, readonly KnownValue[]>();
  #next = 0;

  of(...lists: readonly (readonly KnownValue[])[]): readonly KnownValue[] {
    const filled = lists.filter((list) => list.length > 0);
    const [only, ...others] = filled;
    if (only === undefined) return [];
    if (others.length === 0) return only;
    const id = filled.map((list) => this.#idOf(list)).join(' ');
    const known = this.#made.get(id);
    if (known !== undefined) {
      this.#made.delete(id);
      this.#made.set(id, known);
      return known;
    }
    const made = distinct(filled.flat());
    this.#made.set(id, made);
    for (const oldest of this.#made.keys()) {
      if (this.#made.size <= most) break;
      this.#made.delete(oldest);
    }
    return made;
  }

  /** The list that has the same in it, if there was one a while ago. */
  same(list: readonly KnownValue[]): readonly KnownValue[] {
    if (list.length === 0) return list;
    const content = JSON.stringify(list);
    const known = this.#byContent.get(content) ?? list;
    this.#byContent.delete(content);
    this.#byContent.set(content, known);
    for (const oldest of this.#byContent.keys()) {
      if (this.#byContent.size <= most) break;
      this.#byContent.delete(oldest);
    }
    return known;
  }

  /** A list is never changed once it was given out. */
  #idOf(list: readonly KnownValue[]): number {
    const known = this.#ids.get(list);
    if (known !== undefined) return known;
    this.#next++;
    this.#ids.set(list, this.#next);
    return this.#next;
  }
}
