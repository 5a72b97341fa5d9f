import type { Session } from './session.ts';

/**
 * A session in asciicast v2, one JSON text a line, as asciinema and its players read it: times in seconds, `o` for what the
 * program wrote, `i` for its standard input. https://docs.asciinema.org/manual/asciicast/v2/
 */
export function* asciicast({ facts, cues }: Session): Generator<string> {
  const begun = Date.parse(facts.begun ?? '');
  yield JSON.stringify({
    version: 2,
    width: 120,
    height: 40,
    ...(Number.isNaN(begun) ? {} : { timestamp: Math.floor(begun / 1_000) }),
    title: `${facts.object ?? 'unknown'}: ${facts.command.join(' ')}`,
    command: facts.command.join(' '),
  });
  // There was no terminal, so a line ended with a newline alone; a player needs the return.
  for (const { at, channel, text } of cues)
    yield JSON.stringify([at / 1_000, channel === 'stdin' ? 'i' : 'o', text.replace(/\r?\n/g, '\r\n')]);
}
