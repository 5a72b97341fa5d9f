import { expect, it } from 'vitest';
import { open } from '../../src/domain/masked.ts';
import { createMasker } from '../../src/masking/masker.ts';

/** A program prints a value with something unseen in its middle, so that it is not the value for the mask but is for the reader. */
it('what is not seen does not split a value', () => {
  const masker = createMasker({ log: { debug() {}, info() {}, warn() {}, error() {} } });
  const scope = { values: [{ value: 'hunter2-canary', source: 'Secret db/password' }] };
  for (const unseen of [
    '\u200b',
    '\u00ad',
    '\u2060',
    '\ufeff',
    '\u202e',
    '\u0000',
    '\r',
    '\u001b[31m',
    '\u001b\u0000[0m',
    '\u001b]0;x\u0007',
    '\ufe0f',
    '\ud800',
  ])
    expect(open(masker.text(`a hunter2${unseen}-canary b`, scope))).toBe('a [masked Secret db/password] b');
});

it('a frame that looks like a placeholder does not carry a value out', () => {
  const masker = createMasker({ log: { debug() {}, info() {}, warn() {}, error() {} } });
  const scope = { values: [{ value: 'hunter2-canary', source: 'Secret db/password' }] };
  for (const frame of [
    '[masked hunter2-canary]',
    '[masked Secret hunter2-canary]',
    '[masked Secret db/password]hunter2-canary',
  ])
    expect(open(masker.text(frame, scope))).not.toContain('hunter2');
});
