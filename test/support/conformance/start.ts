import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Fixtures {
  readonly server: ChildProcess;
  /** Of `/mcp`. */
  readonly url: string;
}

/** The fixture server, in a process of its own. */
export async function startFixtures(): Promise<Fixtures> {
  const root = join(import.meta.dirname, '../../..');
  const server = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'server.ts')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = (await once(server.stdout, 'data')) as [Buffer];
  return { server, url: chunk.toString('utf8').trim() };
}
