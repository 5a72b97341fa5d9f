const esc = String.fromCharCode(27);
const bell = String.fromCharCode(7);
/** Fillers and joiners that are not of the category Format but are not seen either. */
const unseen = '\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u3164\\uffa0\\ufe00-\\ufe0f';
const invisible = new RegExp(`(?![\\n\\t${esc}${bell}])[\\p{Cc}\\p{Cf}\\p{Cs}${unseen}]`, 'gu');
/** Terminal sequences (ECMA-48): CSI and OSC with their parameters. */
const sequences = new RegExp(
  `${esc}\\[[0-?]*[ -/]*[@-~]|${esc}\\][^${bell}${esc}\\n]*(?:${bell}|${esc}\\\\)|${esc}[ -/]*[0-~]`,
  'g',
);
const rest = new RegExp(`[${esc}${bell}]`, 'g');
const suspicious = new RegExp(`(?![\\n\\t])[\\p{Cc}\\p{Cf}\\p{Cs}${unseen}]`, 'u');
/** Nearly all text is printable ASCII, which is seen at once. */
const unusual = /[^\x20-\x7e\n\t]/;
const suspiciousAll = new RegExp(suspicious.source, 'gu');

/** Without what is not seen and could split a value: control characters but \n and \t, terminal sequences, zero-width, bidi. */
export const strip = (text: string): string =>
  unusual.test(text) && suspicious.test(text)
    ? text.replace(invisible, '').replace(sequences, '').replace(rest, '')
    : text;

/** The same characters made visible as `\u{…}` instead. */
export const reveal = (text: string): string =>
  unusual.test(text) && suspicious.test(text)
    ? text.replace(suspiciousAll, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
    : text;
