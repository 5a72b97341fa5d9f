import { describe, expect, it } from 'vitest';
import { open } from '../../../src/domain/masked.ts';
import type { LogLine, MaskScope } from '../../../src/domain/masker.ts';
import { createMasker } from '../../../src/masking/masker.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const masker = createMasker({ log: quiet });
const secret = 'correct-horse-battery-staple';
const wrapped = 'first half of the value\nsecond half of the value';
const scope: MaskScope = {
  values: [
    { value: secret, source: 'Secret db/password' },
    { value: wrapped, source: 'Secret db/note' },
  ],
};

const stamp = (second: number): string => `2026-11-21T09:14:${String(second).padStart(2, '0')}.5Z`;
const raw = (...lines: readonly string[]): Buffer =>
  Buffer.from(lines.map((line, index) => `${stamp(index)} ${line}\n`).join(''));

/** What comes out when it is given in pieces of this size. */
function masked(bytes: Uint8Array, size = bytes.length || 1): readonly [time: string | undefined, text: string][] {
  const lines: LogLine[] = [];
  const log = masker.log(scope, (line) => lines.push(line));
  for (let at = 0; at < bytes.length; at += size) log.push(bytes.subarray(at, at + size));
  log.end();
  return lines.map(({ time, text }) => [time, open(text)]);
}
const nine = (second: number): string => `2026-11-21T09:14:${String(second).padStart(2, '0')}.500000000Z`;

describe('the lines of a log', () => {
  it('come masked, each with its own time', () => {
    expect(masked(raw('begin', `password is ${secret}`, 'end'))).toEqual([
      [nine(0), 'begin'],
      [nine(1), 'password is [masked Secret db/password]'],
      [nine(2), 'end'],
    ]);
  });

  it('hide a value over several lines, though a time stands before each of them', () => {
    const lines = masked(raw('begin', ...wrapped.split('\n'), 'end'));
    expect(JSON.stringify(lines)).not.toContain('half of the value');
    expect(lines.at(0)).toEqual([nine(0), 'begin']);
    expect(lines.at(-1)).toEqual([nine(3), 'end']);
  });

  it('hide a private key whole, and go on with the right times', () => {
    const key = [
      '-----BEGIN RSA PRIVATE KEY-----',
      'MIIEpAIBAAKCAQEA1',
      'c2VjcmV0LWtleQ==',
      '-----END RSA PRIVATE KEY-----',
    ];
    expect(masked(raw('begin', ...key, 'middle', 'end'))).toEqual([
      [nine(0), 'begin'],
      [nine(1), '[masked private key]'],
      [nine(5), 'middle'],
      [nine(6), 'end'],
    ]);
  });

  it('are the same for every way of cutting them', () => {
    const bytes = raw('grüße ✓', `a ${secret} b`, ...wrapped.split('\n'), '', 'same', 'same', 'end without end');
    const whole = masked(bytes);
    for (const size of [1, 2, 3, 5, 7, 11, 64]) expect(masked(bytes, size)).toEqual(whole);
  });

  it('take one time off and no more: what a program prints is its own', () => {
    expect(masked(raw(`${stamp(59)} own time`))).toEqual([[nine(0), `${stamp(59)} own time`]]);
  });

  it('may come without times and without an end', () => {
    expect(masked(Buffer.from('unable to retrieve container logs'))).toEqual([
      [undefined, 'unable to retrieve container logs'],
    ]);
    expect(masked(Buffer.from(''))).toEqual([]);
  });

  it('compare as text, whatever digits and zone they came with', () => {
    const bytes = Buffer.from('2026-11-21T10:14:05.25+01:00 a\n2026-11-21T04:14:06-05:00 b\n');
    expect(masked(bytes).map(([time]) => time)).toEqual([
      '2026-11-21T09:14:05.250000000Z',
      '2026-11-21T09:14:06.000000000Z',
    ]);
  });

  it('lose no more than their end when they are long, and it is said', () => {
    const [line] = masked(raw(`${'x'.repeat(200_000)} ${secret}`));
    expect(line?.[1].length).toBeLessThan(9_000);
    expect(line?.[1]).toMatch(/more characters$/);
    expect(line?.[1]).not.toContain(secret);
  });

  it('lose what a terminal would act on', () => {
    expect(masked(raw(`\u001b[31mred\u001b[0m \u202e${secret.slice(0, 9)}\u200b${secret.slice(9)}`))).toEqual([
      [nine(0), 'red [masked Secret db/password]'],
    ]);
  });
});

it('each says which of the lines that were pushed it is, also behind a value over several of them', () => {
  const found: [number, string][] = [];
  const log = masker.log(scope, ({ text }, index) => found.push([index, open(text)]));
  const bytes = raw('begin', ...wrapped.split('\n'), 'between', `with ${secret}`, 'end');
  for (let at = 0; at < bytes.length; at += 7) log.push(bytes.subarray(at, at + 7));
  log.end();
  expect(log.lines).toBe(6);
  expect(found).toEqual([
    [0, 'begin'],
    [1, '[masked Secret db/note]'],
    [3, 'between'],
    [4, 'with [masked Secret db/password]'],
    [5, 'end'],
  ]);
});
