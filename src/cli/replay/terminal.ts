import { performance } from 'node:perf_hooks';
import { forTerminal } from '../../approval/escape.ts';
import type { Cue } from '../../recording/session.ts';
import type { Io } from '../io.ts';
import type { Controls, Key, Screen } from './player.ts';

const dim = (text: string): string => `\u001b[2m${text}\u001b[22m`;
const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;

/** Whatever the file holds, nothing in it can act on a terminal. Colours, if there are any, are ours. */
export function terminalScreen(io: Io): Screen {
  const coloured = io.stdout.isTTY === true;
  let lineIsOpen = false;
  return {
    show: ({ channel, text }: Cue) => {
      const seen = forTerminal(text.replaceAll('\r\n', '\n'));
      if (seen === '') return;
      const paint = coloured ? { stderr: red, stdin: dim }[channel] : undefined;
      io.stdout.write(paint === undefined ? seen : paint(seen));
      lineIsOpen = coloured && !seen.endsWith('\n');
    },
    clear: () => {
      io.stdout.write('\u001b[2J\u001b[3J\u001b[H');
      lineIsOpen = false;
    },
    say: (words) => {
      io.stderr.write(`${lineIsOpen ? '\n' : ''}${coloured ? dim(`[${words}]`) : `[${words}]`}\n`);
      lineIsOpen = false;
    },
  };
}

const keys: Readonly<Record<string, Key>> = {
  ' ': 'pause',
  '+': 'faster',
  '=': 'faster',
  '-': 'slower',
  '\u001b[C': 'forward',
  '\u001bOC': 'forward',
  '\u001b[D': 'back',
  '\u001bOD': 'back',
  n: 'next',
  q: 'quit',
  '\u0003': 'quit',
};
/** A key that is held comes several times at once; what is none of ours is passed over whole. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's keys begin with escape
const oneKey = /\u001b(?:\[[0-9;]*[ -/]*[@-~]|O[A-Z])|[\s\S]/g;

/** The keyboard, without echo, while a recording plays. `stop` gives the terminal back. */
export function keyboard({ stdin, signal }: Io): Controls & { stop(): void } {
  const pressed: Key[] = [];
  let wake = (): void => undefined;
  const take = (chunk: Buffer | string): void => {
    const known = (chunk.toString().match(oneKey) ?? []).flatMap((each) => keys[each] ?? []);
    if (known.length === 0) return;
    pressed.push(...known);
    wake();
  };
  const quit = (): void => {
    pressed.push('quit');
    wake();
  };
  stdin.setRawMode?.(true);
  stdin.on('data', take);
  signal.addEventListener('abort', quit);
  const within = (milliseconds: number): Promise<Key | undefined> => {
    if (pressed.length > 0) return Promise.resolve(pressed.shift());
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.min(milliseconds, 2 ** 31 - 1));
      function done(): void {
        clearTimeout(timer);
        wake = () => undefined;
        resolve(pressed.shift());
      }
      wake = done;
    });
  };
  return {
    now: () => performance.now(),
    within,
    key: async () => {
      for (;;) {
        const key = await within(Number.POSITIVE_INFINITY);
        if (key !== undefined) return key;
      }
    },
    stop: () => {
      stdin.setRawMode?.(false);
      stdin.off('data', take);
      stdin.pause();
      signal.removeEventListener('abort', quit);
    },
  };
}
