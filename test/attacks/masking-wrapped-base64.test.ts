import { expect, test } from 'vitest';
import { open } from '../../src/domain/masked.ts';
import { createMasker } from '../../src/masking/masker.ts';
import { silent } from '../support/approvals.ts';

/** `base64 /var/run/secrets/key`: the program breaks its lines, so that no line holds the whole value. */

const value = 'a-long-and-quite-secret-value-of-more-than-57-bytes-0123456789-abcdefghijklmnopqrstuvwxyz';
const scope = { values: [{ value, source: 'Secret db/key' }] };
const masker = createMasker({ log: silent });

test.each([
  ['base64', 76, '\n'],
  ['openssl', 64, '\n'],
  ['a narrow one', 10, '\r\n'],
])('what %s writes is masked, over all of its lines', (_, width, end) => {
  for (const before of ['', 'x', 'xy']) {
    const encoded = Buffer.from(`${before}${value}\n`).toString('base64');
    const lines = encoded.replace(new RegExp(`(.{${width}})`, 'g'), `$1${end}`);
    const shown = open(masker.text(`first words\n${lines}\nlast words`, scope));
    expect(shown).toContain('[masked Secret db/key]');
    expect(shown).toContain('first words');
    expect(shown).toContain('last words');
    const left = shown.replace('[masked Secret db/key]', '').split(/\r?\n/);
    for (const line of left) if (line.length > 4) expect(lines).not.toContain(line);
  }
});
