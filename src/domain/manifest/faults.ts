/**
 * The parser's faults in our own words. Its messages quote the text around the fault, which may be a password, so they are
 * never repeated.
 */
const words: Readonly<Record<string, readonly [words: string, hint?: string]>> = {
  BAD_ALIAS: ['has an alias that names no anchor before it', 'write the value out, or quote it if "*" is part of it'],
  BAD_DIRECTIVE: ['has a % directive', 'remove it'],
  BAD_DQ_ESCAPE: ['has an unknown escape in a double-quoted string', 'use single quotes, or write the "\\" twice'],
  BAD_INDENT: ['is indented wrongly', 'members of one object begin in the same column'],
  BAD_SCALAR_START: ['has a value that begins with a reserved character', 'put the value in quotes'],
  BLOCK_AS_IMPLICIT_KEY: ['has a ": " inside of a value', 'put the value in quotes'],
  BLOCK_IN_FLOW: ['mixes the block form into { } or [ ]', 'write that part in one form'],
  KEY_OVER_1024_CHARS: ['has a key of more than 1024 characters', 'check for a missing quote'],
  MISSING_CHAR: ['lacks a character, such as a closing quote, bracket or ":"', 'look at this line and those above it'],
  MULTILINE_IMPLICIT_KEY: ['has a key over several lines', 'check for a missing ":" or quote'],
  MULTIPLE_ANCHORS: ['has two anchors on one value', 'keep one of them'],
  MULTIPLE_TAGS: ['has two tags on one value', 'remove the tags'],
  NON_STRING_KEY: ['has a key that is not a string', 'put the key in quotes'],
  RESOURCE_EXHAUSTION: ['is nested too deeply', 'Kubernetes objects are not that deep'],
  TAB_AS_INDENT: ['is indented with a tab', 'indent with spaces'],
  TAG_RESOLVE_FAILED: ['has a tag that manifests do not have', 'remove the tag; binary data goes in as base64 text'],
  UNEXPECTED_TOKEN: ['has something that does not belong there', 'check quotes and indentation'],
};

export function wordsOf(code: string, from: string): { words: string; hint?: string } {
  if (code === 'DUPLICATE_KEY') {
    const key = /^["']?([\w./-]{1,63})/.exec(from)?.[1];
    return { words: `has the key ${key === undefined ? '' : `"${key}" `}twice`, hint: 'keep one of them' };
  }
  const [said, hint] = words[code] ?? ['is not valid YAML', 'check quotes and indentation'];
  return hint === undefined ? { words: said } : { words: said, hint };
}
