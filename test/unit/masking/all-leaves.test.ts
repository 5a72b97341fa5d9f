import fc from 'fast-check';
import { expect, it } from 'vitest';
import { open } from '../../../src/domain/masked.ts';
import { createMasker } from '../../../src/masking/masker.ts';
import { matcherOf } from '../../../src/masking/matcher.ts';
import { Walk } from '../../../src/masking/walk.ts';

const scope = { values: [{ value: 'hunter2-hunter2', source: 'Secret db/password' }] };
const masker = createMasker({ log: { debug() {}, info() {}, warn() {}, error() {} } });

const fragments = [
  ...[
    'eyJhbGciOi',
    '.',
    'c2lnbmF0dXJlLXg',
    'AKIA',
    '0123456789ABCDEF',
    '-----BEGIN',
    ' RSA PRIVATE KEY-----',
    '-',
    '\n',
  ],
  ...[
    'password',
    'token',
    '=',
    ': ',
    '"',
    'a1b2c3!',
    'https://',
    'user:',
    '@',
    '/',
    'a',
    'é',
    '\u200b',
    '\u001b[31m',
    ' ',
  ],
  ...[
    '\u001b]',
    'hunter2-',
    'hunter2',
    '\\n',
    '[masked ',
    ']',
    'Bearer ',
    ';',
    '\\',
    "'",
    '/var/run/secrets/kubernetes.io/serviceaccount',
  ],
];
const leaf = fc.array(fc.constantFrom(...fragments), { maxLength: 7 }).map((parts) => parts.join(''));

it('looking into all leaves at once hides what looking into each would, neither more nor less', () => {
  let hidden = 0;
  fc.assert(
    fc.property(fc.array(leaf, { minLength: 1, maxLength: 5 }), (texts) => {
      const object = { texts };
      const each = new Walk({ known: (text) => matcherOf(scope)?.mask(text) ?? text }).whole(object);
      expect(open(masker.object(object, scope).value)).toEqual(each);
      if (JSON.stringify(each) !== JSON.stringify(object)) hidden += 1;
    }),
    { numRuns: 20_000 },
  );
  expect(hidden).toBeGreaterThan(500);
});
