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
    texts ??= textsIn(call.written).join('\n');
    return texts;
  };
  return { ...masker, text: (raw, scope) => masker.text(raw, scope, written) };
}

/** Each text and number of an input, and those of the documents that stand in it. Not by recursion: it may be nested as deep as it likes. */
function textsIn(input: unknown): readonly string[] {
  const texts: string[] = [];
  const left: unknown[] = [input];
  while (left.length > 0) {
    const value = left.pop();
    if (isJsonObject(value)) {
      for (const name of Object.keys(value)) {
        texts.push(name);
        left.push(value[name]);
      }
      if (typeof value.manifest === 'string') left.push(documentsIn(value.manifest));
    } else if (Array.isArray(value)) for (const each of value) left.push(each);
    else texts.push(String(value));
  }
  return texts;
}

/** What is no manifest is refused in our own words. */
function documentsIn(manifest: string): readonly Json[] {
  try {
    return parseManifest(manifest).documents;
  } catch {
    return [];
  }
}
