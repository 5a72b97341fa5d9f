import { gunzipSync, gzipSync } from 'node:zlib';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const inLines = (text: string, width: number, end = '\n'): string =>
  (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(end);
const utf16 = (value: string): Buffer => Buffer.from(value, 'utf16le');

/** How a value is written down by the programs that people run, by name. */
export const encodings: Readonly<Record<string, (value: string) => string>> = {
  plain: (value) => value,
  base64: (value) => base64(`user:${value}`),
  'base64, one byte further': (value) => base64(`u:${value}:x`),
  'base64, two bytes further': (value) => base64(`us:${value}:xy`),
  base64url: (value) => Buffer.from(`x${value}`).toString('base64url'),
  'base64 at 76 columns': (value) => inLines(base64(`${'some text before it, '.repeat(4)}${value} and after`), 76),
  'base64 at 64 columns': (value) => inLines(base64(`${'some text before it, '.repeat(3)}${value} and after`), 64),
  'double base64': (value) => base64(base64(value)),
  hex: (value) => Buffer.from(value).toString('hex'),
  'upper hex': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  'percent-encoded': (value) => encodeURIComponent(value),
  'in JSON': (value) => JSON.stringify({ note: value }),
  'JSON in JSON': (value) => JSON.stringify(JSON.stringify({ note: value })),
  'quoted-printable': (value) => inLines(value.replaceAll('=', '=3D'), 9, '=\n'),
  'UTF-16 in base64': (value) => utf16(value).toString('base64'),
  'UTF-16 in base64, high byte first': (value) => utf16(value).swap16().toString('base64'),
  'gzip in base64': (value) => gzipSync(`password=${value}\n`).toString('base64'),
};

/** What a program writes that is no text, by name. */
export const bytesOf: Readonly<Record<string, (value: string) => Buffer>> = {
  'UTF-16': (value) => utf16(`is ${value}\n`),
  'UTF-16, high byte first': (value) => utf16(`is ${value}\n`).swap16(),
  gzip: (value) => gzipSync(`password=${value}\n`),
  'gzip that does not compress': (value) => gzipSync(`password=${value}\n`, { level: 0 }),
};

/** Which of these values a text gives away: itself, and what decodes to one, in one step or two. Not by the code under test. */
export function standingIn(text: string, values: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const reading of readingsOf(text)) for (const value of values) if (holds(reading, value)) found.add(value);
  return [...found];
}

function* readingsOf(text: string): Generator<string> {
  const views = new Set([
    text,
    unescaped(text),
    unescaped(unescaped(text)),
    printable(text),
    text.replaceAll('\0', ''),
  ]);
  yield* views;
  const runs = [...views].flatMap((view) => [...runsOf(view), ...runsOf(view.replace(/\\n|\s+/g, ''))]);
  for (const run of new Set(runs))
    for (const once of decodings(run)) {
      yield once;
      for (const inner of runsOf(once)) yield* decodings(inner);
    }
}

/** Half of it is enough to be a leak. */
const holds = (text: string, value: string): boolean => {
  const half = Math.ceil(value.length / 2);
  return text.includes(value.slice(0, half)) || text.includes(value.slice(-half));
};

const unescaped = (text: string): string => {
  const plain = text
    .replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\(["\\/])/g, '$1');
  return plain.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
};

/** Of quoted-printable, also where it stands in JSON. */
const printable = (text: string): string =>
  text
    .replace(/=(?:\r?\n|\\n)/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

const runsOf = (text: string): readonly string[] => text.match(/[A-Za-z0-9+/_=-]{12,}/g) ?? [];

function decodings(run: string): readonly string[] {
  const hex = /^(?:[0-9a-f]{2})+$/i.test(run) ? [Buffer.from(run, 'hex').toString('latin1')] : [];
  // A run can begin with characters that are no part of it: each of the four places of a group is tried.
  return [
    ...hex,
    ...[0, 1, 2, 3].flatMap((from) => {
      const bytes = Buffer.from(run.slice(from), 'base64');
      const texts = [bytes.toString('latin1'), bytes.toString('utf16le'), bytes.subarray(1).toString('utf16le')];
      return [...texts, ...unpacked(bytes)];
    }),
  ];
}

function unpacked(bytes: Buffer): readonly string[] {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return [];
  try {
    return [gunzipSync(bytes).toString('latin1')];
  } catch {
    return [];
  }
}

/** As Helm keeps a release: gzip in base64, twice. */
export const helmRelease = (release: object): string => base64(gzipSync(JSON.stringify(release)).toString('base64'));
