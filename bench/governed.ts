import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ControlPlane } from '../test/support/control-plane/control-plane.ts';
import { startControlPlane } from '../test/support/control-plane/start.ts';
import { currentContext } from '../test/support/current-context.ts';
import { ServerProcess } from './server-process.ts';

const bundle = join(import.meta.dirname, '../dist/countersign.cjs');
/** `node --cpu-prof` and the like, for whoever looks where the time goes. */
const nodeOptions = (process.env.COUNTERSIGN_BENCH_NODE_OPTIONS ?? '').split(' ').filter((option) => option !== '');

export interface Governed {
  readonly server: ServerProcess;
  readonly state: string;
  close(): Promise<void>;
}

export interface GovernedOptions {
  readonly args?: readonly string[];
  /** countersign.yaml; undefined: none, so that everything is at its default. */
  readonly config?: object;
  readonly state?: string;
}

/** The built server, as a client starts it, with a state directory of its own on disk. */
export async function startGoverned(options: GovernedOptions): Promise<Governed> {
  const state = options.state ?? (await mkdtemp(join(tmpdir(), 'countersign-bench-')));
  const file = `${state}.yaml`;
  if (options.config !== undefined) await writeFile(file, stringify(options.config), { mode: 0o600 });
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: state,
    COUNTERSIGN_STATE: state,
    ...(options.config === undefined ? {} : { COUNTERSIGN_CONFIG: file }),
  };
  const server = new ServerProcess([...nodeOptions, bundle, 'serve', ...(options.args ?? [])], env);
  return {
    server,
    state,
    close: async () => {
      await server.close();
      await rm(state, { recursive: true, force: true });
      await rm(file, { force: true });
    },
  };
}

/** A real cluster behind the strict bundle; the limits are out of the way, because one agent sends what thousands would. */
export const governedConfig = (kubeconfig: string): object => ({
  clusters: { bench: { kubeconfig, context: currentContext(kubeconfig) } },
  isolation: 'accept-same-user',
  limits: { callsPerSecond: 10_000, inFlight: 100 },
});

/** The control plane of the tests, or somebody's own (COUNTERSIGN_TEST_KUBECONFIG). */
export const benchControlPlane = (): Promise<ControlPlane> =>
  startControlPlane(process.env, (line) => {
    process.stderr.write(`control plane: ${line}\n`);
  });
