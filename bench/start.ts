import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { generate } from 'selfsigned';
import { stringify } from 'yaml';
import { type Figure, median } from './figures.ts';
import { type GovernedOptions, startGoverned } from './governed.ts';

const rounds = 15;
const mebibyte = 1024 * 1024;

/** From spawn to the answer to `initialize`, whatever the cluster does, in turns with a Node process that does nothing. */
export async function benchStart(): Promise<readonly Figure[]> {
  const hanging = await hangingCluster();
  const ways: Readonly<Record<string, GovernedOptions>> = {
    sandbox: { args: ['--sandbox'] },
    no_config: {},
    hanging_cluster: { config: hanging.config },
  };
  try {
    const times = await startInTurns(ways);
    const idle = await Promise.all(
      Object.entries(ways).map(async ([name, options]) => [name, await memoryOf(options, name)] as const),
    );
    return figuresOf(times, idle);
  } finally {
    await hanging.close();
  }
}

type Times = Readonly<Record<string, readonly number[]>>;

async function startInTurns(ways: Readonly<Record<string, GovernedOptions>>): Promise<Times> {
  const times: Record<string, number[]> = { empty: [] };
  // The first start of all reads the disk: it is not counted.
  for (let round = -1; round < rounds; round += 1) {
    const empty = await emptyNode();
    if (round >= 0) times.empty?.push(empty);
    for (const [name, options] of Object.entries(ways)) {
      const took = await startOnce(options);
      times[name] ??= [];
      if (round >= 0) times[name]?.push(took);
    }
  }
  return times;
}

async function emptyNode(): Promise<number> {
  const from = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - from;
}

async function startOnce(options: GovernedOptions): Promise<number> {
  const state = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const from = performance.now();
  const { server, close } = await startGoverned({ ...options, state });
  await server.initialize();
  const took = performance.now() - from;
  await close();
  return took;
}

interface Memory {
  readonly idle: number | undefined;
  readonly afterGet: number | undefined;
}

/** What the same process holds after `tools/list` and two quiet seconds, and after its first governed read. */
async function memoryOf(options: GovernedOptions, name: string): Promise<Memory> {
  const { server, close } = await startGoverned(options);
  try {
    await server.initialize();
    await server.request('tools/list', {});
    await wait(2_000);
    const idle = server.memory();
    if (name !== 'sandbox') return { idle, afterGet: undefined };
    await server.call('get', { resource: 'namespaces' });
    await wait(500);
    return { idle, afterGet: server.memory() };
  } finally {
    await close();
  }
}

function figuresOf(times: Times, memory: readonly (readonly [string, Memory])[]): readonly Figure[] {
  const took = (name: string): number => median(times[name] ?? []);
  const empty = took('empty');
  const names = Object.keys(times).filter((name) => name !== 'empty');
  const starts = names.flatMap((name): Figure[] => [
    {
      name: `start_${name}_ms`,
      value: took(name),
      target: '<= 250',
      says: `ms, spawn to initialize answered, median of ${rounds}`,
    },
    { name: `start_${name}_ratio`, value: took(name) / empty, target: '<= 2.5', says: 'of an empty Node process' },
  ]);
  const sizes = memory.flatMap(([name, { idle, afterGet }]): Figure[] => [
    ...(idle === undefined
      ? []
      : [
          {
            name: `idle_${name}_mib`,
            value: idle / mebibyte,
            target: '<= 80' as const,
            says: 'MiB resident after tools/list and 2 s',
          },
        ]),
    ...(afterGet === undefined
      ? []
      : [
          {
            name: `after_get_${name}_mib`,
            value: afterGet / mebibyte,
            says: 'MiB resident after the first governed get',
          },
        ]),
  ]);
  return [...starts, ...sizes, { name: 'empty_node_ms', value: empty, says: 'ms, `node -e 0` from spawn to exit' }];
}

/** A server that takes connections and says nothing, and a configuration that names it as the cluster. */
async function hangingCluster(): Promise<{ readonly config: object; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listening socket has no port');
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-hanging-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const { cert } = await generate([{ name: 'commonName', value: 'countersign-bench' }], { keyType: 'ec' });
  await writeFile(kubeconfig, stringify(kubeconfigOf(address.port, cert)), { mode: 0o600 });
  return {
    config: { clusters: { hanging: { kubeconfig, context: 'hanging' } }, isolation: 'accept-same-user' },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const kubeconfigOf = (port: number, authority: string): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'hanging',
  clusters: [
    {
      name: 'hanging',
      cluster: {
        server: `https://127.0.0.1:${port}`,
        'certificate-authority-data': Buffer.from(authority).toString('base64'),
      },
    },
  ],
  users: [{ name: 'agent', user: { token: 'not-a-token' } }],
  contexts: [{ name: 'hanging', context: { cluster: 'hanging', user: 'agent' } }],
});
