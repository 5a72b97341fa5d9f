import { type Command, InvalidArgumentError, Option } from 'commander';
import { configOption, type End, jsonOption } from './command-options.ts';
import type { Io } from './io.ts';

/** `countersign replay [id]`: needs no server. */
export function addReplay(program: Command, io: Io, end: End): void {
  program
    .command('replay')
    .description('play an exec recording, masked as it was recorded; without an id: list all')
    .argument('[id]', 'rec-…, as the answer to exec and the audit log name it')
    .option('--speed <factor>', '2 is twice as fast', factor, 1)
    .option('--idle <seconds>', 'longest pause that is kept', factor, 2)
    .option('--from <time>', 'begin there: 90, 90s or 1:30', time, 0)
    .option('--search <text>', 'begin at the first match; n goes to the next')
    .option('--asciicast <file>', 'write an asciinema file instead; - is stdout')
    .addOption(
      new Option('--raw', 'what was not masked, where recording.rawTo kept it; written into the audit log').conflicts(
        'asciicast',
      ),
    )
    .option('--identity <file>', 'with --raw: the age identity, the private half; - is stdin')
    .option('--reason <text>', 'with --raw: why, for the audit log')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nOn a terminal it plays in its time; into a pipe it comes at once, for grep. It ends with 1 where the recording is not\nwhat was recorded: its chain is checked, and its root against the audit log.',
    )
    .action(async (id, options) => end(await (await import('./replay.ts')).replay(id, options, io)));
}

function factor(text: string): number {
  const value = Number(text);
  if (!/^\d{1,4}(\.\d{1,3})?$/.test(text) || value <= 0)
    throw new InvalidArgumentError('a number above 0, such as 1.5');
  return value;
}

/** Milliseconds. */
function time(text: string): number {
  const [, minutes = '0', rest] = /^(?:(\d{1,4}):)?(\d{1,6})s?$/.exec(text) ?? [];
  if (rest === undefined) throw new InvalidArgumentError('seconds, or minutes and seconds such as 1:30');
  return (Number(minutes) * 60 + Number(rest)) * 1_000;
}
