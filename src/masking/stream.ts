import type { MaskedStream } from '../domain/masker.ts';
import { seal } from '../domain/seal.ts';

/** `mask` is what makes of a whole text the masked one. */
export function createStream(mask: (text: string) => string): MaskedStream {
  const decoder = new TextDecoder();
  let text = '';
  return {
    push: (bytes) => {
      text += decoder.decode(bytes, { stream: true });
      return seal('');
    },
    end: () => seal(mask(text + decoder.decode())),
  };
}
