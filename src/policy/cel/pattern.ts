import { RE2JS } from 're2js';
import { limits } from './limits.ts';

/** Regular expressions in time linear in the text (RE2): no pattern can hold the server up. */
export interface Patterns {
  /** @throws Error that says what is wrong with the pattern */
  add(pattern: string): void;
  /** Whether the pattern is found anywhere in the text. */
  found(text: string, pattern: string): boolean;
  /** A new evaluation begins: it may match so many characters. */
  begin(): void;
}

export function createPatterns(): Patterns {
  const compiled = new Map<string, RE2JS>();
  let left: number = limits.matchedText;
  return {
    add: (pattern) => {
      if (pattern.length > limits.pattern) throw new Error(`a pattern has at most ${limits.pattern} characters`);
      if (/\{\d{3,}|,\d{3,}\}/.test(pattern)) throw new Error('a pattern repeats at most 99 times');
      if (!compiled.has(pattern)) compiled.set(pattern, RE2JS.compile(pattern));
    },
    found: (text, pattern) => {
      left -= text.length;
      if (left < 0) throw new Error(`reMatch was given more than ${limits.matchedText} characters`);
      const known = compiled.get(pattern);
      if (known === undefined) throw new Error('the pattern of reMatch was not compiled');
      return known.matcher(text).find();
    },
    begin: () => {
      left = limits.matchedText;
    },
  };
}
