import { expect, it } from 'vitest';
import { chainLine, jsonMember, lineDigest } from '../../../src/domain/hash-chain.ts';
import { beginning, type Line, sizeOf } from '../../../src/recording/chain-lines.ts';
import { LineBytes, pack, roomFor } from '../../../src/recording/packed-lines.ts';

const texts = [
  'one',
  '',
  '\u007f\u202e😀 ü\n"\\',
  '\ud800 alone',
  'three\t'.repeat(5_000),
  '😀\u0007'.repeat(300),
  '€',
];
const time = 1_800_000_000_000;
const lines: readonly Line[] = texts.flatMap((text, n): Line[] => [
  { type: 'Frame', time: time - n, fields: { channel: 'stdout' }, text: ['text', text] },
  { type: 'RecordingClosed', time: n, fields: { exitCode: n, list: [text], reason: text } },
]);

it('makes the lines that chainLine makes, each behind the one before', () => {
  const encoder = new LineBytes();
  let place = beginning;
  const made: string[] = [];
  // Several batches, in memory that is used again.
  for (const batch of [lines.slice(0, 3), lines.slice(3, 4), lines.slice(4)]) {
    const memory = new ArrayBuffer(roomFor(sizeOf(batch)));
    const chained = encoder.chained(pack(batch, Buffer.from(memory)), memory, place);
    made.push(chained.bytes.toString());
    place = chained.place;
  }
  let prev = beginning.prev;
  let expected = '';
  for (const [index, { type, fields, text }] of lines.entries()) {
    const members = [...Object.entries(fields), ...(text === undefined ? [] : [text])];
    const json = members.map(([key, value]) => jsonMember(key, value)).join('');
    // Time never goes backwards in a chain.
    const line = chainLine({ seq: index + 1, time, type }, json, prev);
    prev = lineDigest(line);
    expected += `${line}\n`;
  }
  expect(made.join('')).toBe(expected);
  expect(place).toEqual({ seq: lines.length, time, prev });
});
