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
  let own: string | undefined;
  const isOwn = (text: string): boolean => {
    own ??= read(written());
    return own.includes(read(text));
  };
  return {
    search: (text, from, final) => {
      const { spans, sure } = known.search(text, from, final);
      return { spans: spans.filter(({ start, end }) => !isOwn(text.slice(start, end))), sure };
    },
  };
}

const escaped = /\\{1,8}(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(["'/]))/g;

const read = (text: string): string =>
  strip(
    text.replace(escaped, (_, wide?: string, byte?: string, itself = '') =>
      wide === undefined && byte === undefined ? itself : String.fromCharCode(Number.parseInt(wide ?? byte ?? '', 16)),
    ),
  );
