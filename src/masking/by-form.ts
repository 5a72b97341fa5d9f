import { maskPatterns } from './patterns.ts';
import { strip } from './strip.ts';

/** A text without what is a secret by its form: for what is told before, or without, a masker that knows values. */
export const maskByForm = (text: string): string => maskPatterns(strip(text));
