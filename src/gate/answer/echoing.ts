import { isJsonObject, type Json } from '../../domain/json.ts';
import { parseManifest } from '../../domain/manifest.ts';
import type { Masker } from '../../domain/masker.ts';
import type { Call } from '../call.ts';

/**
 * The mask for what answers a call: where the API server quotes what the caller itself wrote, it is echoed, as everywhere. A mask
 * that hid it there would answer guesses: what is hidden in the quotation is what a Secret holds.
 */
export function echoing(masker: Masker, call: Pick<Call, 'written'>): Masker {
  let texts: string | undefined;
  const written = (): string => {
    texts ??= [...textsIn(call.written)].join('\n');
    return texts;
  };
  return { ...masker, text: (raw, scope) => masker.text(raw, scope, written) };
}

/** Each text and number of an input, and those of the documents that stand in it. */
function* textsIn(input: unknown, key = ''): Generator<string> {
  if (typeof input === 'string') {
    yield input;
    if (key === 'manifest') yield* textsIn(documentsIn(input));
  } else if (Array.isArray(input)) for (const each of input) yield* textsIn(each);
  else if (isJsonObject(input))
    for (const [name, member] of Object.entries(input)) {
      yield name;
      yield* textsIn(member, name);
    }
  else yield String(input);
}

/** What is no manifest is refused in our own words. */
function documentsIn(manifest: string): readonly Json[] {
  try {
    return parseManifest(manifest).documents;
  } catch {
    return [];
  }
}
