/**
 * The seal of the mask. Only `src/masking` and the algebra in `masked.ts` may import this file (a layer rule), and the
 * class is not exported, so a Masked value cannot be made anywhere else without a cast, which lint forbids.
 */
class Sealed<T> {
  readonly #value: T;
  constructor(value: T) {
    this.#value = value;
  }
  static open<T>(sealed: Sealed<T>): T {
    if (typeof sealed !== 'object' || sealed === null || !(#value in sealed))
      throw new TypeError('not sealed by the mask');
    return sealed.#value;
  }
  /** A sealed value does not fall into a log or a JSON text by accident. */
  toJSON(): string {
    return '[sealed]';
  }
}

/** A value that passed the mask (or consists only of parts that did, and of plain identifiers). */
export type Masked<T = string> = Sealed<T>;

export const seal = <T>(value: T): Masked<T> => new Sealed(value);

/** What a sink shows. @throws TypeError at run time for anything that was not sealed. */
export const open = <T>(masked: Masked<T>): T => Sealed.open(masked);
