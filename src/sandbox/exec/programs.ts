import { setTimeout as delay } from 'node:timers/promises';

/** The process that a canned program believes to be. */
export interface Process {
  readonly env: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, string>;
  readonly hostname: string;
  readonly now: () => Date;
  readonly stdin: AsyncIterable<Buffer>;
  readonly signal: AbortSignal;
  readonly stdout: (data: string | Buffer) => void;
  readonly stderr: (data: string) => void;
}

/** Runs with its arguments and answers its exit code. */
type Program = (args: string[], process: Process) => Promise<number> | number;

const programs: Readonly<Record<string, Program>> = {
  true: () => 0,
  false: () => 1,
  echo: (args, { stdout }) => {
    const isBare = args[0] === '-n';
    stdout(args.slice(isBare ? 1 : 0).join(' ') + (isBare ? '' : '\n'));
    return 0;
  },
  env: printEnvironment,
  printenv: printEnvironment,
  hostname: (_args, { stdout, hostname }) => {
    stdout(`${hostname}\n`);
    return 0;
  },
  date: (_args, { stdout, now }) => {
    stdout(`${now().toUTCString()}\n`);
    return 0;
  },
  sleep: async ([seconds = ''], { signal, stderr }) => {
    if (!/^\d+(\.\d+)?$/.test(seconds)) {
      stderr(`sleep: invalid time interval '${seconds}'\n`);
      return 1;
    }
    await delay(Number(seconds) * 1000, undefined, { signal });
    return 0;
  },
  cat,
  ls: list,
};

function printEnvironment(args: string[], { env, stdout }: Process): number {
  const [name] = args;
  if (name === undefined) stdout([...env].map(([key, value]) => `${key}=${value}\n`).join(''));
  else stdout(env.has(name) ? `${env.get(name)}\n` : '');
  return name === undefined || env.has(name) ? 0 : 1;
}

async function cat(args: string[], { files, stdin, stdout, stderr }: Process): Promise<number> {
  let code = 0;
  for (const path of args.length === 0 ? ['-'] : args) {
    const content = files.get(path);
    if (path === '-') for await (const chunk of stdin) stdout(chunk);
    else if (content !== undefined) stdout(content);
    else {
      stderr(`cat: ${path}: No such file or directory\n`);
      code = 1;
    }
  }
  return code;
}

function list(args: string[], { files, stdout, stderr }: Process): number {
  const asked = args.find((arg) => !arg.startsWith('-')) ?? '/';
  const folder = asked.endsWith('/') ? asked : `${asked}/`;
  const below = [...files.keys()].filter((path) => path.startsWith(folder));
  const names = new Set(below.map((path) => path.slice(folder.length).split('/')[0]));
  if (folder === '/') for (const name of ['bin', 'etc', 'proc', 'root', 'tmp', 'usr', 'var']) names.add(name);
  if (names.size === 0 && !files.has(asked)) {
    stderr(`ls: cannot access '${asked}': No such file or directory\n`);
    return 2;
  }
  stdout(names.size === 0 ? `${asked}\n` : `${[...names].sort().join('\n')}\n`);
  return 0;
}

/** Runs one of the canned programs; an unknown one is 127, as a shell would say. Nothing runs on the host. */
export async function run(argv: string[], process: Process): Promise<number> {
  const [path = '', ...args] = argv;
  const name = path.replace(/^\/(usr\/)?bin\//, '');
  const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
  if (program) return program(args, process);
  process.stderr(
    `exec: "${path}": executable file not found in $PATH (the sandbox knows ${Object.keys(programs).join(', ')})\n`,
  );
  return 127;
}
