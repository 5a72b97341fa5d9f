import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchBytes } from '../../../src/audit/batch-bytes.ts';
import { encodeEvent } from '../../../src/audit/encode.ts';
import type { AuditEvent } from '../../../src/domain/audit-event.ts';
import { visibleJson } from '../../../src/domain/hash-chain.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { seal } from '../../../src/domain/seal.ts';
import { event } from './support.ts';

/** Few values, so that they come again, and all kinds of characters. */
const text = fc.oneof(
  fc.constantFrom('get', 'a"b', 'c\\d', '\x7f', 'é', '\u202e', '\ud800', '', 'sha256:77'),
  fc.string({ unit: 'binary', maxLength: 300 }),
);
const value = fc.oneof(text, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean());
const fields = fc.dictionary(
  fc.constantFrom('tool', 'principal', 'n', 'objects', 'message', 'dryRun'),
  fc.oneof(value, fc.array(value, { maxLength: 4 })),
);

const sealed = (plain: unknown): unknown => (typeof plain === 'string' && plain.length % 2 === 1 ? seal(plain) : plain);
const eventOf = (invocation: string, given: JsonObject): AuditEvent => ({
  type: 'Planned',
  invocation,
  fields: Object.fromEntries(
    Object.entries(given).map(([key, each]) => [key, Array.isArray(each) ? each.map(sealed) : sealed(each)]),
  ) as AuditEvent['fields'],
});

describe('the members of an event', () => {
  it('are those of its JSON with the same characters escaped, whatever came before', () => {
    fc.assert(
      fc.property(text, fc.array(fields, { minLength: 1, maxLength: 5 }), (invocation, events) => {
        for (const given of events as readonly JsonObject[]) {
          const expected = `,${visibleJson({ invocation, ...given }).slice(1, -1)}`;
          expect(encodeEvent(eventOf(invocation, given))).toBe(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are cut only where they would be too long in bytes', () => {
    const room = 64 * 1024 - 512;
    for (const [character, bytes] of [
      ['x', 1],
      ['ü', 2],
      ['中', 3],
      ['\x07', 6],
    ] as const) {
      const frame = ',"invocation":"i","message":""'.length;
      const most = Math.floor((room - frame) / bytes);
      const [whole, cut] = [most, most + 1].map((length) =>
        encodeEvent({ type: 'Failed', invocation: 'i', fields: { message: seal(character.repeat(length)) } }),
      );
      expect(JSON.parse(`{${whole?.slice(1)}}`).message).toBe(character.repeat(most));
      expect(cut).toContain('…sha256:');
      expect(Buffer.byteLength(cut ?? '')).toBeLessThanOrEqual(room);
    }
  });

  it('have none of the keys of a line', () => {
    for (const key of ['seq', 'time', 'type', 'invocation', 'prev'])
      expect(() => encodeEvent(event('Failed', 'i', { [key]: 'x' }))).toThrow("the log's own");
  });
});

describe('the bytes of a batch', () => {
  it('are its lines, and each digest is of the line alone', () => {
    const bytes = new BatchBytes();
    for (const lines of [['a', 'ü'.repeat(30_000), 'b'], ['中'.repeat(600_000)], ['c']]) {
      bytes.begin();
      const digests = lines.map((line) => bytes.add(line));
      expect(bytes.bytes.toString()).toBe(lines.map((line) => `${line}\n`).join(''));
      expect(digests).toEqual(lines.map((line) => createHash('sha256').update(line).digest('hex')));
    }
  });
});
