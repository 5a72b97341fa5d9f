import { open } from '../domain/masked.ts';
import type { Context } from './context.ts';

/** Characters of a comment that are kept. */
const longestComment = 1_000;

/** People's words as they are kept and shown: masked, control characters visible, not longer than a message. */
export function cleanComment({ masker }: Pick<Context, 'masker'>, comment: string | undefined): string | undefined {
  const said = comment?.trim().toWellFormed();
  if (said === undefined || said === '') return undefined;
  return open(masker.words(said)).slice(0, longestComment).toWellFormed();
}
