import { ident, join, type Masked, open, say } from '../../../domain/masked.ts';

/** Something that an approver should know of one object before anything else. */
export interface Risk {
  /** The smaller, the worse: where it stands on the card. */
  readonly danger: number;
  readonly words: Masked<string>;
  /** Equal for what reads the same about several objects. */
  readonly key: string;
}

export const dangers = { takesOver: 0, escapes: 1, unknown: 2, destroys: 3, exposes: 4, changes: 5, mind: 6 } as const;
/** What is milder than this is a note: who cries danger at each unpinned image is not heard when there is one. */
export const lastDanger = dangers.exposes;

/** Nothing where the fact is false or empty. */
export const risk = (
  holds: boolean | undefined,
  danger: keyof typeof dangers,
  words: Masked<string>,
): readonly Risk[] => (holds === true ? [{ danger: dangers[danger], words, key: open(words) }] : []);

/** The first few of a list, and how many more there are. */
export function few(parts: readonly Masked<string>[]): Masked<string> {
  const shown = join(parts.slice(0, 8), say`, `);
  return parts.length > 8 ? say`${shown} and ${parts.length - 8} more` : shown;
}

export const idents = (values: readonly (string | number)[]): Masked<string> =>
  few(values.map((value) => say`${ident(String(value))}`));
