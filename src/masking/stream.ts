import type { MaskedStream, MaskScope } from '../domain/masker.ts';
import { seal } from '../domain/seal.ts';
import { matcherOf } from './matcher.ts';
import type { OwnPatterns } from './patterns-own.ts';
import { OwnSearch } from './stream-own.ts';
import { TextMask } from './stream-text.ts';
import { Stripper } from './strip.ts';

/** Decodes, strips and masks what comes in chunks, with the values of this scope, the shipped patterns and an operator's own. */
export function createStream(scope: MaskScope, own?: OwnPatterns): MaskedStream {
  const decoder = new TextDecoder();
  const stripper = new Stripper();
  const mask = new TextMask(matcherOf(scope), scope.onHit, own === undefined ? undefined : new OwnSearch(own));
  return {
    push: (bytes) => seal(mask.push(stripper.push(decoder.decode(bytes, { stream: true })))),
    end: () => seal(mask.push(stripper.push(decoder.decode()), true)),
  };
}
