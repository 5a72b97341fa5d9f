import type { KnownValue, MaskScope } from '../domain/masker.ts';
import { createKnown } from './known.ts';

/** Looks for all values of a set at once, in all their forms. Made once a set and shared: it holds nothing of a call. */
export interface KnownMatcher {
  /** Each known value replaced by a placeholder that names its source. The text has been through `strip`. */
  mask(text: string, onHit?: MaskScope['onHit']): string;
}

const matchers = new WeakMap<readonly KnownValue[], KnownMatcher>();

/** Made once an array of values. */
export function buildMatcher(values: readonly KnownValue[]): KnownMatcher {
  const made = matchers.get(values) ?? { mask: createKnown(values) };
  matchers.set(values, made);
  return made;
}

/** Undefined: the scope has no value that could be looked for. */
export const matcherOf = (scope: MaskScope | undefined): KnownMatcher | undefined =>
  scope === undefined || scope.values.length === 0 ? undefined : buildMatcher(scope.values);
