/**
 * Text as a terminal or a chat may show it: no escape sequence, no bidirectional or zero-width character, no carriage return
 * can pass. Letters of other scripts stay in what people wrote; in identifiers they were made visible before.
 */
export const forTerminal = (text: string): string =>
  text.replace(/[^\P{C}\n\t]|\p{DI}|[\u2028\u2029]/gu, visible).replaceAll('\t', '    ');

/** The same with every character that is not ASCII made visible: an image's name with a Cyrillic letter shows it. */
export const asciiLines = (text: string): string => forTerminal(text).replace(/[^\x20-\x7e\n]/gu, visible);

/** One line of printable ASCII: for identifiers, and for words that must not begin a line of their own. */
export const asciiLine = (text: string): string => text.replace(/[^\x20-\x7e]/gu, visible);

/** What people wrote, as one line. */
export const wordsLine = (text: string): string => forTerminal(text).replaceAll('\n', '\\n');

const visible = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16)}}`;
