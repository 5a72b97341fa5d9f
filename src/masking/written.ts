import type { KnownSearch } from './matcher.ts';
import { strip } from './strip.ts';

/**
 * The search without what the caller itself wrote: a value that stands in its own text as it stands here is echoed. Who quotes it
 * may have escaped it, so both are read without escapes.
 */
export function withoutWritten(
  known: KnownSearch | undefined,
  written: (() => string) | undefined,
): KnownSearch | undefined {
  if (known === undefined || written === undefined) return known;
  let own: { readonly as: string; readonly read: string } | undefined;
  const isOwn = (text: string): boolean => {
    if (own === undefined) {
      const as = strip(written());
      own = { as, read: read(as) };
    }
    if (own.as.includes(text)) return true;
    const found = read(text);
    return Buffer.byteLength(found) >= leastBytes && own.read.includes(found);
  };
  return {
    search: (text, from, final) => {
      const { spans, sure } = known.search(text, from, final);
      return { spans: spans.filter(({ start, end }) => !isOwn(text.slice(start, end))), sure };
    },
  };
}

/** Of a value that is little but backslashes too little is left to be told by. */
const leastBytes = 8;
const escaped = /\\{1,8}(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrt]))|\\+/g;
const plain: Readonly<Record<string, string>> = { n: '\n', r: '', t: '\t' };

/** How often something was escaped is not told, so what is left of backslashes goes. */
const read = (text: string): string =>
  strip(
    text.replace(escaped, (_, wide?: string, byte?: string, control?: string) => {
      const code = wide ?? byte;
      return code === undefined ? (plain[control ?? ''] ?? '') : String.fromCharCode(Number.parseInt(code, 16));
    }),
  );
