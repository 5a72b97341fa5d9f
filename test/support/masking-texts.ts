import fc from 'fast-check';
import type { KnownValue } from '../../src/domain/masker.ts';

/** Texts that are likely to go wrong: pieces of secrets, of their encodings and of patterns, cut anywhere and put together anyhow. */

const secrets: readonly string[] = [
  ...['hunter2-canary', 'canary-hunter2', 'hunter2-hunter2-hunter2', 'aaaaaaaaaa', 'ab"c\\d\'e f$g', 'p@ss/w0rd&x=1<'],
  ...[
    'ключ-от-всех',
    '鍵鍵鍵鍵',
    ']bracket-first',
    'bracket-last[',
    '[31mcoloured',
    'line one of a few\nline two of a few\nend of it',
  ],
  ...[
    'a-long-and-quite-secret-value-of-more-than-57-bytes-0123456789-abcdefghijklmnopqrstuvwxyz',
    'tab\there\u200band there',
  ],
  `${'long-'.repeat(90)}end`,
];
export const values: readonly KnownValue[] = secrets.map((value, index) => ({ value, source: `Secret s/k${index}` }));

const wrapped = (text: string, columns: number, end: string): string =>
  text.replace(new RegExp(`(.{${columns}})`, 'g'), `$1${end}`);
const bytes = (text: string, prefix: number): Buffer => Buffer.from('xyz'.slice(0, prefix) + text);

/** Each written as programs write it, by means of their own. */
const encoders: Readonly<Record<string, (text: string, n: number) => string>> = {
  raw: (text) => text,
  base64: (text, n) => bytes(text, n % 3).toString('base64'),
  base64url: (text, n) => bytes(text, n % 3).toString('base64url'),
  'base64 twice': (text, n) =>
    Buffer.from('abc'.slice(0, n % 3) + bytes(text, (n >> 1) % 3).toString('base64')).toString('base64'),
  'base64 of 76 columns': (text, n) => wrapped(bytes(text, n % 3).toString('base64'), 76, '\n'),
  'base64 of 64 columns': (text, n) => wrapped(bytes(text, n % 3).toString('base64'), 64, '\r\n'),
  'base64 of 20 columns, indented': (text, n) => wrapped(bytes(text, n % 3).toString('base64'), 20, '\n    '),
  'base64 of lines in JSON': (text, n) => wrapped(bytes(text, n % 3).toString('base64'), 16, '\\n'),
  hex: (text) => bytes(text, 0).toString('hex'),
  HEX: (text) => bytes(text, 0).toString('hex').toUpperCase(),
  'hex in lines': (text) => wrapped(bytes(text, 0).toString('hex'), 60, '\n'),
  'of a URL': (text) => encodeURIComponent(text),
  'of a form': (text) => new URLSearchParams({ x: text }).toString().slice(2),
  'of a URL, small': (text) => encodeURIComponent(text).replace(/%../g, (all) => all.toLowerCase()),
  JSON: (text) => JSON.stringify(text).slice(1, -1),
  'JSON twice': (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3),
  '\\u': (text) => text.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  '\\U': (text) =>
    text.replace(/[^a-z]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`),
  quoted: (text) => text.replaceAll("'", "'\\''"),
  backslashed: (text) => text.replace(/[^\w@%+=:,./\n-]/g, '\\$&'),
  HTML: (text) =>
    text.replace(/[&<>"']/g, (each) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': '#34', "'": '#39' }[each]};`),
  'quoted-printable': (text) => wrapped(quotedPrintable(text), 15, '=\r\n'),
  'UTF-16 LE': (text) => Buffer.from(text, 'utf16le').toString('latin1'),
  'UTF-16 LE in base64': (text) => Buffer.from(text, 'utf16le').toString('base64'),
  'UTF-16 BE in base64': (text, n) =>
    Buffer.concat([Buffer.alloc((n % 2) * 2), Buffer.from(text, 'utf16le').swap16()]).toString('base64'),
};

function quotedPrintable(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      (byte > 0x20 && byte < 0x7f && byte !== 0x3d) || byte === 0x20
        ? String.fromCharCode(byte)
        : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}

const words = [
  ...[
    'x',
    ' ',
    '\n',
    '\\',
    '\\n',
    '=',
    '=\n',
    '"',
    "'",
    ': ',
    '\u001b[31m',
    '\u001b[',
    '\u001b]0;t\u0007',
    '\u200b',
    '\r\n',
    '\0',
    'é',
    '鍵',
    '😀',
  ],
  ...[
    '[masked ',
    '[masked Secret s/k0]',
    '[masked private key]',
    ']',
    '[',
    'the quick brown fox\n',
    'YWJjZGVmZ2hpamts',
    '\n  ',
  ],
  ...[
    '-----BEGIN RSA PRIVATE KEY-----\nMIIE',
    'k8+/\n',
    '-----END ',
    'RSA PRIVATE KEY',
    '-----',
    'eyJhbGciOiJIUzI1NiJ9',
    '.',
    'eyJzdWIiOiIxIn0',
  ],
  ...[
    'AKIA',
    'ABCDEFGHIJKLMNOP',
    'ghp_',
    '0123456789abcdefghijABCDEFGHIJ',
    'https://',
    'user',
    ':',
    '@',
    'host/',
    'password',
    '=',
    'hunter22',
  ],
  ...['token', 'Bearer ', 'sk-ant-', 'dXNlcjpwYXNz', 'Basic ', 'xoxb-', 'H4sIAAAAAAAA', 'api_key', 'aB3dE5fG7hI9jK1lM'],
];

const secret = fc.constantFrom(...secrets);
const written = fc
  .tuple(secret, fc.constantFrom(...Object.values(encoders)), fc.nat(8))
  .map(([text, encode, n]) => encode(text, n));
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...words) },
  { weight: 3, arbitrary: written },
  {
    weight: 1,
    arbitrary: fc.tuple(written, fc.nat(60), fc.nat(60)).map(([text, from, to]) => text.slice(from, from + to)),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
);

export const texts = fc.array(piece, { maxLength: 10 }).map((parts) => parts.join(''));
/** How a text is cut: lengths of chunks, taken round and round. */
export const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
