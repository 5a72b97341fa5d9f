import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Kube, readKubeconfig } from '../test/support/control-plane/kube.ts';
import { waitUntil } from '../test/support/control-plane/wait-until.ts';
import { bundle } from './bundled.ts';
import { type Figure, median, percentile } from './figures.ts';
import { benchControlPlane, governedConfig, startGoverned } from './governed.ts';
import { ServerProcess } from './server-process.ts';

const runs = 5;
const callsPerRun = 1_000;
const inFlight = 32;
const throughputCalls = 1_500;

/** A governed `get` of one pod beside a bare SDK tool that sends the same request: both alive, calls taken in turns. */
export async function benchCall(): Promise<readonly Figure[]> {
  const plane = await benchControlPlane();
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-bare-'));
  const namespace = `bench-${process.pid}`;
  const access = await readKubeconfig(plane.kubeconfigPath);
  const kube = new Kube(access);
  const governed = await startGoverned({ config: governedConfig(plane.kubeconfigPath) });
  try {
    await makePod(kube, namespace, plane.has);
    const accessFile = join(folder, 'access.json');
    await writeFile(accessFile, JSON.stringify(access), { mode: 0o600 });
    const bare = new ServerProcess([await bundleBare(folder)], { BARE_ACCESS: accessFile });
    try {
      await Promise.all([governed.server.initialize(), bare.initialize()]);
      const figures = await measure(governed.server, bare, { resource: 'pods', name: 'web', namespace });
      return [
        ...figures,
        {
          name: 'disk_sync_ms',
          value: diskSync(governed.state),
          says: 'ms, median of a write with fdatasync on the disk of the audit log',
        },
      ];
    } finally {
      await bare.close();
    }
  } finally {
    await governed.close();
    await kube.delete(`/api/v1/namespaces/${namespace}`).catch(() => undefined);
    await kube.close();
    await rm(folder, { recursive: true, force: true });
    await plane.stop();
  }
}

interface Run {
  readonly governed: readonly number[];
  readonly bare: readonly number[];
  readonly governedRate: number;
  readonly bareRate: number;
}

async function measure(governed: ServerProcess, bare: ServerProcess, input: object): Promise<readonly Figure[]> {
  await sameObject(governed, bare, input);
  // Until the compilers have done their work; an agent's server lives for hours.
  await oneRun(governed, bare, input);
  const all: Run[] = [];
  const before = [governed.cpu(), bare.cpu()] as const;
  for (let run = 0; run < runs; run += 1) all.push(await oneRun(governed, bare, input));
  const spent = (server: ServerProcess, since: number | undefined): number =>
    (((server.cpu() ?? 0) - (since ?? 0)) * 1_000) / (runs * (callsPerRun + throughputCalls));
  const over = (of: (run: Run) => number): number => median(all.map(of));
  const ratio = (share: number) => over((run) => percentile(run.governed, share) / percentile(run.bare, share));
  const of = `median of ${runs} runs of ${callsPerRun} calls each, thin raw client for both`;
  return [
    { name: 'get_p50_ratio', value: ratio(0.5), target: '<= 1.25', says: `governed / bare, p50, ${of}` },
    { name: 'get_p99_ratio', value: ratio(0.99), target: '<= 1.5', says: 'governed / bare, p99' },
    {
      name: 'get_throughput_ratio',
      value: over((run) => run.governedRate / run.bareRate),
      target: '>= 0.75',
      says: `governed / bare, calls a second with ${inFlight} in flight`,
    },
    { name: 'get_p50_ms', value: over((run) => percentile(run.governed, 0.5)), says: 'ms, governed' },
    { name: 'bare_p50_ms', value: over((run) => percentile(run.bare, 0.5)), says: 'ms, bare' },
    { name: 'get_p99_ms', value: over((run) => percentile(run.governed, 0.99)), says: 'ms, governed' },
    { name: 'bare_p99_ms', value: over((run) => percentile(run.bare, 0.99)), says: 'ms, bare' },
    { name: 'get_cpu_us', value: spent(governed, before[0]), says: 'µs of processor time a call, governed' },
    { name: 'bare_cpu_us', value: spent(bare, before[1]), says: 'µs of processor time a call, bare' },
    { name: 'get_per_second', value: over((run) => run.governedRate), says: `governed, ${inFlight} in flight` },
    { name: 'bare_per_second', value: over((run) => run.bareRate), says: `bare, ${inFlight} in flight` },
  ];
}

/** A peer that reads something else would make the ratio worthless. */
async function sameObject(governed: ServerProcess, bare: ServerProcess, input: object): Promise<void> {
  const nameIn = async (server: ServerProcess): Promise<string> =>
    (await server.call('get', input)).content?.[0]?.text ?? '';
  const [ours, theirs] = [await nameIn(governed), await nameIn(bare)];
  const uid: string = JSON.parse(theirs).metadata.uid;
  if (!ours.includes(uid)) throw new Error(`the governed call reads another object: ${ours}`);
}

let turn = 0;

async function oneRun(governed: ServerProcess, bare: ServerProcess, input: object): Promise<Run> {
  const times = { governed: [] as number[], bare: [] as number[] };
  for (let n = 0; n < callsPerRun; n += 1) {
    const first = n % 2 === 0;
    if (first) times.governed.push(await timed(governed, input));
    times.bare.push(await timed(bare, input));
    if (!first) times.governed.push(await timed(governed, input));
  }
  turn += 1;
  const early = turn % 2 === 0 ? await rate(bare, input) : undefined;
  const governedRate = await rate(governed, input);
  return { ...times, governedRate, bareRate: early ?? (await rate(bare, input)) };
}

async function timed(server: ServerProcess, input: object): Promise<number> {
  const from = performance.now();
  const line = await server.request('tools/call', { name: 'get', arguments: input });
  const took = performance.now() - from;
  mustBeGood(line);
  return took;
}

/** Calls a second. */
async function rate(server: ServerProcess, input: object): Promise<number> {
  let left = throughputCalls;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      mustBeGood(await server.request('tools/call', { name: 'get', arguments: input }));
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: inFlight }, caller));
  return throughputCalls / ((performance.now() - from) / 1000);
}

/** A refusal would be fast, and would measure nothing. */
function mustBeGood(line: string): void {
  if (line.includes('"isError":true') || line.includes('"error":{')) throw new Error(`a call failed: ${line}`);
}

async function makePod(
  kube: Kube,
  namespace: string,
  has: { readonly controllerManager: boolean; readonly kwok: boolean },
): Promise<void> {
  await kube.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const path = `/api/v1/namespaces/${namespace}`;
  if (has.controllerManager)
    await waitUntil('the service account is made', () => kube.get(`${path}/serviceaccounts/default`));
  await kube.create(`${path}/pods`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'registry.example.com/web:1.4.2',
          ports: [{ containerPort: 8080 }],
          env: [{ name: 'LOG_LEVEL', value: 'info' }],
          resources: { requests: { cpu: '100m', memory: '64Mi' } },
        },
      ],
    },
  });
  if (!has.kwok) return;
  await waitUntil('the pod runs', async () => (await kube.get(`${path}/pods/web`))?.status?.phase === 'Running');
}

async function bundleBare(folder: string): Promise<string> {
  const outfile = join(folder, 'bare.mjs');
  await bundle(join(import.meta.dirname, 'peers/bare.ts'), outfile);
  return outfile;
}

/** Milliseconds: what the log must pay for each call before anything is sent. */
function diskSync(folder: string): number {
  const handle = openSync(join(folder, 'sync'), 'a');
  const line = Buffer.alloc(400, 'x');
  const times = Array.from({ length: 200 }, () => {
    const from = performance.now();
    writeSync(handle, line);
    fdatasyncSync(handle);
    return performance.now() - from;
  });
  closeSync(handle);
  return median(times);
}
