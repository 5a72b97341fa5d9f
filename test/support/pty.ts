import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs argv on a pseudo terminal of 100 columns: what comes in is typed, what comes out was shown. */
const relay = `
import fcntl, os, pty, select, struct, sys, termios
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 100, 0, 0))
typed = [0]
while True:
    ready, _, _ = select.select([master] + typed, [], [])
    if 0 in ready:
        data = os.read(0, 65536)
        if data: os.write(master, data)
        else: typed = []
    if master in ready:
        try: data = os.read(master, 65536)
        except OSError: break
        if not data: break
        os.write(1, data)
sane = termios.tcgetattr(master)[3] & (termios.ICANON | termios.ECHO) != 0
sys.stderr.write('sane' if sane else 'raw')
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

export interface Pty {
  /** What was shown so far, byte for byte. */
  shown(): string;
  /** Resolves once what was shown has this. @throws Error with all of it after a while, or when the program ended without */
  until(text: string | RegExp): Promise<void>;
  type(keys: string): void;
  /** `isSane`: the program left the terminal as it found it, with echo and lines. */
  ended(): Promise<{ readonly code: number | null; readonly isSane: boolean }>;
}

/** A program on a terminal, with Python's pty module. @throws where there is no Python 3 */
export function onPty(argv: readonly string[], env: Readonly<Record<string, string>>): Pty {
  const child: ChildProcessWithoutNullStreams = spawn('python3', ['-c', relay, ...argv], {
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm-256color', ...env },
  });
  let shown = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, isSane: errors === 'sane' }));
  const has = (text: string | RegExp): boolean => (typeof text === 'string' ? shown.includes(text) : text.test(shown));
  return {
    shown: () => shown,
    type: (keys) => void child.stdin.write(keys),
    ended: () => ended,
    until: async (text) => {
      const signal = AbortSignal.timeout(20_000);
      while (!has(text)) {
        const news = await Promise.race([
          once(child.stdout, 'data', { signal }).then(
            () => 'more',
            () => 'late',
          ),
          ended,
        ]);
        if (news !== 'more' && !has(text)) throw new Error(`${text} was not shown:\n${shown}\n${errors}`);
      }
    },
  };
}

/** What a person sees of it: the lines of a screen without end, colours left out, and the last clearing obeyed. */
export function screenLines(bytes: string): readonly string[] {
  const after = bytes.slice(bytes.lastIndexOf('\u001b[2J') + 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is read here
  const plain = after.replace(/^\[2J/, '').replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
  return plain.split('\r\n').map((line) => line.slice(line.lastIndexOf('\r') + 1));
}
