import { visibleJson } from '../domain/hash-chain.ts';
import type { Json, JsonObject } from '../domain/json.ts';

/** Keys in front, without their names. */
const framed = new Set(['seq', 'time', 'type', 'invocation', 'prev']);
/** What programs compare and nobody reads; the file has it, and so has `--json`. */
const forPrograms = new Set(['facts', 'callDigest', 'bundleDigest', 'auditIdSeed', 'signatures']);
const longestValue = 200;
/** The longest type, so that columns stand one below the other. */
const typeWidth = 'RecordingDecrypted'.length;

/**
 * One event on one line for people: time, type, the end of the invocation's id, then `key=value` of what has one. Nothing in it can
 * act on a terminal, whatever the file holds.
 */
export function renderEvent(event: JsonObject): string {
  const { time, type, invocation } = event;
  const head = [plain(time), plain(type).padEnd(typeWidth), plain(invocation).slice(-8).padEnd(8)].join('  ');
  const fields = Object.entries(event)
    .filter(([key, value]) => !framed.has(key) && !forPrograms.has(key) && !isEmpty(value))
    .map(([key, value]) => `${bare(key)}=${shown(value)}`);
  return [head, ...fields].join('  ').trimEnd();
}

const isEmpty = (value: Json): boolean => (Array.isArray(value) ? value.every(isEmpty) : value === '');

const plain = (value: Json | undefined): string => (typeof value === 'string' ? unquoted(value) : '?');

const shown = (value: Json): string => {
  if (typeof value === 'string') return bare(short(value));
  if (Array.isArray(value)) return listed(value.map(shown));
  return visibleJson(value);
};

/** As many as one looks at, and how many more there are. */
function listed(texts: readonly string[]): string {
  const fit: string[] = [];
  let length = 0;
  for (const text of texts) {
    length += text.length + 1;
    if (fit.length > 0 && length > longestValue) break;
    fit.push(text);
  }
  return fit.join(',') + (fit.length < texts.length ? `,…${texts.length - fit.length} more` : '');
}

/** `sha256:` and 12 digits are enough to look for; the file has the rest. */
const short = (text: string): string =>
  /^sha256:[0-9a-f]{64}$/.test(text)
    ? `${text.slice(0, 19)}…`
    : text.length > longestValue
      ? `${text.slice(0, longestValue)}…`
      : text;

const bare = (text: string): string => (/^[^\s"\\=]+$/.test(text) ? unquoted(text) : visibleJson(text));

const unquoted = (text: string): string => visibleJson(text).slice(1, -1);
