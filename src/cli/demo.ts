import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../package.ts';
import { startClient } from '../transport/client.ts';
import { runAct } from './demo/acts.ts';
import { createPerson } from './demo/person.ts';
import { createStage } from './demo/stage.ts';
import type { ExitCode, Io } from './io.ts';

export interface DemoOptions {
  /** Do not ask at the terminal, even where there is one. */
  readonly scripted?: boolean;
}

/**
 * The whole job in a minute, nothing needed: an agent (a real MCP client) on a server of its own over stdio, an in-memory
 * Kubernetes, and a person. Its state is in a folder of its own, which is removed at the end.
 */
export async function demo(options: DemoOptions, io: Io): Promise<ExitCode> {
  const state = await mkdtemp(join(tmpdir(), 'countersign-demo-'));
  const env = { ...inherited(io), COUNTERSIGN_STATE: state, COUNTERSIGN_CONFIG: '', COUNTERSIGN_LOG: 'error' };
  const program = process.argv[1] ?? '';
  const args = [...process.execArgv, program];
  const agent = await startClient({
    name: 'countersign-demo',
    version,
    command: process.execPath,
    args: [...args, 'serve', '--sandbox'],
    env,
    stderr: 'inherit',
  });
  const asked = options.scripted !== true && io.stdin.isTTY === true && io.stdout.isTTY === true;
  const stage = createStage(io);
  const person = createPerson({ io, stage, asked, command: process.execPath, args, env });
  try {
    return (await runAct({ agent, person, stage, asked })) ? 0 : 1;
  } finally {
    person.close();
    await agent.close();
    await rm(state, { recursive: true, force: true });
  }
}

const inherited = (io: Io): Record<string, string> =>
  Object.fromEntries(Object.entries(io.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
