import { open } from '../../../src/domain/masked.ts';
import type { OwnPatterns } from '../../../src/masking/patterns-own.ts';
import { createStream } from '../../../src/masking/stream.ts';
import { values } from '../../support/masking-texts.ts';

export const scope = { values };

/** All that the stream shows of these bytes, cut into pieces of these lengths, again and again. */
export function streamed(bytes: Uint8Array, lengths: readonly number[], own?: OwnPatterns): string {
  const stream = createStream(scope, own);
  let shown = '';
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] as number;
    shown += open(stream.push(bytes.subarray(at, at + length)));
    at += length;
  }
  return shown + open(stream.end());
}
