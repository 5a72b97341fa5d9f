import { base64Forms } from './placeholder.ts';
import { strip } from './strip.ts';

/** One way in which a value can stand in a text that went through `strip`. */
export interface Form {
  readonly text: string;
  /** Up to so many characters beside it hold bits of the value too. */
  readonly edge: number;
  /** Of an alphabet that programs break into lines. */
  readonly wraps: boolean;
}

/** A longer value is looked for in pieces, so that what has to be kept back of a stream is bounded, and a part of it is found too. */
const longest = 400;
const piece = 300;
/** Each line of a value with several is looked for too, if it is as long as this: logs put prefixes before lines. */
const minLine = 16;
const minLength = 8;

/** Takes one form of a value. */
type Take = (text: string, edge: number, wraps: boolean) => void;

/** Every form of a value; some may be there twice. `bytes`: what it is where it is no text. */
export function formsOf(value: string, bytes?: Uint8Array): readonly Form[] {
  const forms: Form[] = [];
  eachForm(value, bytes, (text, edge, wraps) => forms.push({ text, edge, wraps }));
  return forms;
}

/** The same, one after the other: of many values there are tens of thousands. */
export function eachForm(value: string, bytes: Uint8Array | undefined, take: Take): void {
  if (bytes === undefined) addTextForms(take, value);
  addByteForms(take, bytes === undefined ? Buffer.from(value.trim()) : Buffer.from(bytes));
}

function addTextForms(take: Take, value: string): void {
  const seen = strip(value);
  const trimmed = seen.trim();
  const lines = trimmed.includes('\n') ? trimmed.split('\n').map((line) => line.trim()) : [];
  const wholes = new Set([
    trimmed,
    ...lines.filter((line) => Buffer.byteLength(line) >= minLine),
    ...leftovers(trimmed),
  ]);
  // Where one of our placeholders stands in a value, what is around it is the value.
  for (const whole of wholes)
    for (const part of whole.includes('[masked ') ? whole.split(/\[masked (?:[^[\]\n]{1,300}\])?/) : [whole])
      for (const text of pieces(part))
        if (Buffer.byteLength(text) >= minLength) for (const form of spellings(text)) take(form, 0, false);
}

/**
 * A terminal sequence that is not closed takes the first characters of what comes next with it, and beside one of our
 * placeholders a bracket could be taken for its end: what is left is looked for too.
 */
function leftovers(value: string): readonly string[] {
  const left = [value.replace(/^[0-?]*[ -/]*[@-~]/, ''), value.replace(/^\]+/, ''), value.replace(/\[+$/, '')];
  if (/^[ -/]/.test(value)) left.push(value.replace(/^[ -/]+[0-~]/, ''));
  return left.filter((each) => each !== value);
}

function pieces(text: string): readonly string[] {
  if (text.length <= longest) return [text];
  const size = Math.ceil(text.length / Math.ceil(text.length / piece));
  const found: string[] = [];
  for (let start = 0; start < text.length; ) {
    // Never between the two halves of a character.
    const end = endOf(start, size + (/[\ud800-\udbff]/.test(text.charAt(start + size - 1)) ? 1 : 0), text.length);
    found.push(text.slice(start, end));
    start = end;
  }
  return found;
}

/** What would be too short to be looked for goes with the piece before it. */
const endOf = (start: number, size: number, length: number): number =>
  length - start - size < piece / 2 ? length : start + size;

/** Letters, digits, `-`, `_` and `.` are the same in all of them. `\uXXXX` is read where it stands in the text. */
const simple = /^[\w.-]*$/;

function* spellings(text: string): Generator<string> {
  yield text;
  if (simple.test(text)) return;
  const wide = /[^\n\t\x20-\x7e]/.test(text);
  if (wide || /["\\\n\t]/.test(text)) {
    const json = JSON.stringify(text).slice(1, -1);
    yield json;
    yield JSON.stringify(json).slice(1, -1);
  }
  yield* inUrls(text);
  if (text.includes("'")) {
    yield text.replaceAll("'", "'\\''");
    yield text.replaceAll("'", `'"'"'`);
  }
  if (/[^\w@%+=:,./-]/.test(text)) yield text.replace(/[^\w@%+=:,./-]/g, '\\$&');
  if (/[\\"$`!]/.test(text)) {
    yield text.replace(/[\\"$`]/g, '\\$&');
    yield text.replace(/[\\"$`!]/g, '\\$&');
  }
  if (/[&<>"']/.test(text)) {
    yield text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
    yield text.replace(/[&<>"']/g, (character) => numbered[character] ?? entities[character] ?? character);
  }
  if (wide || text.includes('=')) yield quotedPrintable(text);
  // The zeros of ASCII in UTF-16 are taken out as control characters; the rest reads as UTF-8 that it is not.
  if (wide) for (const bytes of utf16(text)) yield strip(bytes.toString('utf8'));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const numbered: Readonly<Record<string, string>> = { '"': '&#34;', "'": '&#39;' };

function* inUrls(text: string): Generator<string> {
  const component = encodeURIComponent(text);
  const strict = component.replace(/[!'()*]/g, (character) => percent(character.charCodeAt(0)));
  if (component === text && strict === text) return;
  const all = new Set([component, strict]);
  if (strict.includes('%2F')) all.add(strict.replaceAll('%2F', '/')).add(encodeURI(text));
  for (const form of all)
    for (const spaces of form.includes('%20') ? [form, form.replaceAll('%20', '+')] : [form]) {
      yield spaces;
      if (/%(?:[0-9][A-F]|[A-F])/.test(spaces))
        yield spaces.replace(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase());
    }
}

const percent = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

function quotedPrintable(text: string): string {
  let written = '';
  for (const byte of Buffer.from(text)) {
    const asIs = byte === 0x0a || byte === 0x09 || (byte >= 0x20 && byte <= 0x7e && byte !== 0x3d);
    written += asIs ? String.fromCharCode(byte) : percent(byte).replace('%', '=');
  }
  return written;
}

const utf16 = (text: string): readonly Buffer[] => {
  const little = Buffer.from(text, 'utf16le');
  return [little, Buffer.from(little).swap16()];
};

function addByteForms(take: Take, bytes: Buffer): void {
  const size =
    bytes.length <= longest ? bytes.length : 3 * Math.ceil(bytes.length / Math.ceil(bytes.length / piece) / 3);
  for (let start = 0, end = 0; start < bytes.length; start = end) {
    end = endOf(start, size, bytes.length);
    const part = bytes.subarray(start, end);
    const hex = part.toString('hex');
    take(hex, 0, true);
    take(hex.toUpperCase(), 0, true);
    for (const once of base64Forms(part)) {
      addBase64(take, once, 1);
      // Once more: each character of the first is a byte of the second.
      for (const twice of base64Forms(once)) addBase64(take, twice, 4);
    }
  }
  addWrappedTwice(take, bytes);
  if (bytes.length <= longest && isText(bytes)) addUtf16(take, bytes.toString());
}

/** Text of Latin 1 is the same in both byte orders but for the zero at one of its ends, which is left to the edge. */
function addUtf16(take: Take, text: string): void {
  const [little, big] = utf16(text) as [Buffer, Buffer];
  const orders = /[^\0-\xff]/.test(text) ? [little, big] : [little.subarray(0, -1)];
  for (const wide of orders) for (const form of base64Forms(wide)) addBase64(take, form, 2);
}

const isText = (bytes: Buffer): boolean => !bytes.toString().includes('\ufffd');

function addBase64(take: Take, text: string, edge: number): void {
  if (text.length < minLength) return;
  take(text, edge, true);
  if (text.includes('+') || text.includes('/')) take(text.replaceAll('+', '-').replaceAll('/', '_'), edge, true);
}

/** `base64 | base64`: the lines that the first one broke its output into are in what the second one wrote. */
function addWrappedTwice(take: Take, bytes: Buffer): void {
  const once = bytes.toString('base64').replace(/=+$/, '');
  for (const columns of [64, 76])
    for (let start = 0; once.length > columns && start < once.length; start += columns)
      for (const form of base64Forms(once.slice(start, start + columns))) addBase64(take, form, 4);
}
