import type { RE2JS } from 're2js';
import { maskPatterns, type PatternSet, type UserPattern } from './patterns.ts';
import { placeholder } from './placeholder.ts';

const most = { patterns: 50, characters: 500, program: 1_000 };
const nameForm = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$/;

/**
 * The shipped patterns and an operator's own, which take time linear in the text (RE2) and are bounded in size.
 * @throws Error that names the pattern and says what to change
 */
export async function compilePatterns(user: readonly UserPattern[]): Promise<PatternSet> {
  if (user.length === 0) return { mask: maskPatterns };
  if (user.length > most.patterns)
    throw new Error(`there are ${user.length} patterns; at most ${most.patterns} are allowed`);
  const { RE2JS } = await import('re2js');
  const compiled = user.map((each) => ({ regex: compile(RE2JS, each), by: placeholder(each.name) }));
  return {
    mask: (text) =>
      compiled.reduce((seen, { regex, by }) => regex.matcher(seen).replaceAll(() => by), maskPatterns(text)),
  };
}

function compile(re2: typeof RE2JS, { name, pattern }: UserPattern): RE2JS {
  const wrong = (what: string): Error => new Error(`pattern ${JSON.stringify(name)}: ${what}`);
  if (!nameForm.test(name))
    throw wrong(
      'a name has 1 to 60 letters, digits, spaces, dots, dashes or underscores: it is shown where something was masked',
    );
  if (pattern.length > most.characters)
    throw wrong(`${pattern.length} characters; at most ${most.characters} are allowed`);
  let regex: RE2JS;
  try {
    regex = re2.compile(pattern);
  } catch (thrown) {
    throw wrong(
      `${thrown instanceof Error ? thrown.message : String(thrown)} (RE2 syntax: no look-around, no back-references)`,
    );
  }
  const size = regex.programSize();
  if (size > most.program)
    throw wrong(`costs ${size} steps a character; at most ${most.program} are allowed: repeat less`);
  if (regex.matcher('').find())
    throw wrong('matches the empty text, so it would match everywhere: ask for at least one character');
  return regex;
}
