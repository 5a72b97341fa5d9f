import { iso } from '../../domain/environment.ts';
import { asciiLine, wordsLine } from '../escape.ts';

/**
 * Slack's own markup. Whatever is not ours comes as a code span of printable ASCII, or as literal rich text (`blocks.ts`), so
 * that it can neither format, mention, link nor end a line. https://docs.slack.dev/messaging/formatting-message-text
 */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Characters of an identifier that a sentence has room for. */
const longest = 250;

/** An identifier, literally; a backtick in it would end the span. */
export const code = (identifier: string): string =>
  `\`${escaped(shortened(asciiLine(identifier), longest).replaceAll('`', '\\u{60}'))}\``;

/** Words that are not ours, in a sentence of ours: what Slack would read as format, code, emoji or mention is made visible. */
export const inert = (words: string): string =>
  escaped(wordsLine(words).replace(/[`*_~]|:(?=[\w+'-]+:)/g, (mark) => `\\u{${mark.charCodeAt(0).toString(16)}}`));

/** What a person or an agent wrote, as one line in a sentence of ours. */
export const quoted = (words: string): string => `“${inert(words)}”`;

/** A time as each reader's clock has it; `fallback` where the client cannot tell. Milliseconds since the epoch. */
export function clockTime(time: number, format: '{time}' | '{date_short_pretty} {time}' = '{time}'): string {
  const text = iso(time);
  const fallback = format === '{time}' ? `${text.slice(11, 16)}Z` : `${text.slice(0, 16).replace('T', ' ')}Z`;
  return `<!date^${Math.floor(time / 1_000)}^${format}|${fallback}>`;
}

export const userMention = (user: string): string => `<@${user}>`;
export const groupMention = (userGroup: string): string => `<!subteam^${userGroup}>`;

/** The leading part, and how much is missing, where it is too long for one line. */
export const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most).toWellFormed()}… (+${text.length - most} characters)`;
