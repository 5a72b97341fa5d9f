import { PassThrough } from 'node:stream';
import { runCli } from '../../../src/cli/entry.ts';
import type { ExitCode, Io } from '../../../src/cli/io.ts';

export interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** The command line in this process, with streams of its own. */
export async function run(args: readonly string[], env: Io['env'] = {}, input = ''): Promise<Ran> {
  const texts = { out: '', err: '' };
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  stdout.on('data', (chunk: Buffer) => {
    texts.out += chunk.toString('utf8');
  });
  stderr.on('data', (chunk: Buffer) => {
    texts.err += chunk.toString('utf8');
  });
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  stdin.end(input);
  const io: Io = { stdin, stdout, stderr, env, signal: new AbortController().signal };
  const code = await runCli(args, io);
  return { code, ...texts };
}

/** The command line as the person who ran sudo, with this configuration. */
export const runAs = (user: string, config: string, args: readonly string[]): Promise<Ran> =>
  run([...args, '--config', config], { SUDO_USER: user, SUDO_UID: '54321', KUBECONFIG: '/nowhere' });
