import type { Heard } from './ports.ts';
import { type Segment, segmentsOf } from './segments.ts';

/**
 * The words by which people vote in a thread. The first word decides. Strict to approve: plain ASCII, at the very beginning, no
 * question and no condition. Generous to deny: after a quotation or a mention too, with any punctuation, in full-width letters.
 */
export function hear(message: { readonly text: string; readonly blocks: readonly unknown[] }): Heard {
  const segments = segmentsOf(message);
  const said = segments.map(({ text }) => text).join('');
  return (
    approveIn(segments, said) ?? stopIn(segments) ?? commandIn(segments, said) ?? { kind: 'talk', hint: isNear(said) }
  );
}

interface Split {
  readonly word: string;
  readonly rest: string;
}

const split = (text: string): Split => {
  const [, word = '', rest = ''] = /^\s*(\S*)\s*([\s\S]*)$/.exec(text) ?? [];
  return { word, rest: rest.trim() };
};

/** How many of the leading characters are plain words of the person. */
const plainLead = (segments: readonly Segment[]): string => {
  const end = segments.findIndex(({ kind }) => kind !== 'plain');
  const lead = end === -1 ? segments : segments.slice(0, end);
  return lead.map(({ text }) => text).join('');
};

/** An approve with one of these as its next word is none: `approve if the canary is fine`, `approve cs-7f3k2m not yet`. */
const unsure =
  /^(?:not|never|no|nothing|none|if|unless|until|till|when|once|after|before|but|except|only|is|don'?t|do not|doesn'?t|can'?t|cannot|won'?t)(?![\p{L}\p{N}])/iu;

/** The beginning of a comment without what may stand before its first word. */
const firstWords = (comment: string | undefined): string =>
  folded(comment ?? '')
    .replace(/[’‘ʼ]/g, "'")
    .replace(/^[^\p{L}\p{N}]+/u, '');

function approveIn(segments: readonly Segment[], said: string): Heard | undefined {
  const { word, rest } = split(said);
  const first = /^(approve|break-glass)[.!]?$/i.exec(word)?.[1]?.toLowerCase();
  // The whole word is the person's own: not the beginning of a quotation, of code or of an emoji.
  if (first === undefined || split(plainLead(segments)).word !== word) return undefined;
  const { code, comment } = withCode(rest);
  if (/\?\s*$/.test(rest) || unsure.test(firstWords(rest)) || unsure.test(firstWords(comment))) return undefined;
  const breakGlass = first === 'break-glass';
  // Loud and rare: its code is never left out.
  if (breakGlass && code === undefined) return undefined;
  return { kind: 'vote', decision: 'approve', code, comment, breakGlass };
}

const stops: Readonly<Record<string, 'deny' | 'undo'>> = {
  deny: 'deny',
  reject: 'deny',
  no: 'deny',
  stop: 'deny',
  undo: 'undo',
};

function stopIn(segments: readonly Segment[]): Heard | undefined {
  const own = segments.filter(({ kind }) => kind !== 'struck' && kind !== 'code');
  const start = own.findIndex(({ kind, text }) => (kind === 'plain' || kind === 'list') && text.trim() !== '');
  const { word, rest } = split(
    own
      .slice(Math.max(0, start))
      .map(({ text }) => text)
      .join(''),
  );
  const bare = folded(word).replace(/[.,!:;…\p{Pd}]+$/u, '');
  // To stop needs no code: `canary2` is a word of the comment.
  const decision = start !== -1 && Object.hasOwn(stops, bare) ? stops[bare] : undefined;
  return decision && { kind: 'vote', decision, ...withCode(rest, isExact), breakGlass: false };
}

function commandIn(segments: readonly Segment[], said: string): Heard | undefined {
  const command = /^(status|diff|help)[.!?]?$/i.exec(plainLead(segments).trim())?.[1]?.toLowerCase();
  if (said.trim() !== plainLead(segments).trim()) return undefined;
  return command === 'status' || command === 'diff' || command === 'help' ? { kind: 'command', command } : undefined;
}

const exactCode = /^cs-[0-9a-z]{6}$/i;
/** What may be meant as a code, also with a letter of another script, a lost hyphen or a missing digit: it is compared, and differs. */
const nearCode = /^(?:cs\p{Pd}\S*|\p{L}{2}[\p{Pd}_.:]?(?=\S*\p{N})[\p{L}\p{N}]{4,8})$/iu;

const isExact = (word: string): boolean => exactCode.test(word);
const isNearCode = (word: string): boolean => isExact(word) || nearCode.test(inLatin(word.normalize('NFKC')));

/** The code is the next word; one that stands later in the comment is compared too, in case it is of another approval. */
function withCode(
  rest: string,
  isMeant = isNearCode,
): { readonly code: string | undefined; readonly comment: string | undefined } {
  const { word, rest: after } = split(rest);
  const next = word.replace(/[.,!:;]+$/, '');
  const isCode = isMeant(next);
  const comment = isCode ? after : rest;
  const later = comment.split(/\s+/).find((each) => exactCode.test(each));
  const code = isCode ? next : later;
  return { code: code?.toLowerCase(), comment: comment === '' ? undefined : comment };
}

/** Without what is invisible, and wide letters as narrow ones. */
const folded = (word: string): string =>
  word
    .replace(/\p{DI}|\p{Cc}/gu, '')
    .normalize('NFKC')
    .toLowerCase();

/** Letters of other scripts that pass for Latin ones, for the hint and for codes that differ: no vote is made of them. */
const lookalikes: Readonly<Record<string, string>> = {
  а: 'a',
  е: 'e',
  о: 'o',
  р: 'p',
  с: 'c',
  ѕ: 's',
  у: 'y',
  ο: 'o',
  ν: 'v',
};

const inLatin = (text: string): string => text.replace(/\P{ASCII}/gu, (letter) => lookalikes[letter] ?? letter);

const nearWord =
  /^(?:ok|okay|yes|yep|yeah|sure|lgtm|ship|shipit|go|fine|accept(?:ed)?|agreed?|nope|nah|denied|denying|rejected|declined?|don'?t|undone|break)\b|approv|break-glass/;
const nearEmoji =
  /:(?:\+1|-1|thumbsup|thumbsdown|white_check_mark|heavy_check_mark|ok_hand|ok|no_entry|x|rocket|shipit)[:_]/;

const onlyEmoji = /^[\p{Extended_Pictographic}\s]+$/u;

/** Whether somebody may have meant to vote, and should be told how. */
function isNear(said: string): boolean {
  const text = inLatin(folded(said)).replace(/[’‘]/g, "'").trim();
  const [first = ''] = text.split(/[^a-z']/);
  return Object.hasOwn(stops, first) || [nearWord, nearEmoji, onlyEmoji].some((near) => near.test(text));
}
