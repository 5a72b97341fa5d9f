import { setTimeout as wait } from 'node:timers/promises';
import { stringify } from 'yaml';
import { Kube, readKubeconfig } from '../test/support/control-plane/kube.ts';
import type { Figure } from './figures.ts';
import { benchControlPlane, governedConfig, startGoverned } from './governed.ts';
import type { ServerProcess } from './server-process.ts';

const objects = 5_000;
const pageSize = 500;
const megabyte = 1_000_000;

/** 5,000 distinct ConfigMaps of about 1 kB, read page by page in table output, as an agent would. */
export async function benchList(): Promise<readonly Figure[]> {
  const plane = await benchControlPlane();
  const namespace = `bench-list-${process.pid}`;
  const kube = new Kube(await readKubeconfig(plane.kubeconfigPath));
  const { server, close } = await startGoverned({ config: governedConfig(plane.kubeconfigPath) });
  try {
    await kube.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await fill(kube, namespace);
    const yamlBytes = await bytesOfFullYaml(kube, namespace);
    await server.initialize();
    const tools = await server.request('tools/list', {});
    await wait(2_000);
    const idle = server.memory();
    await server.call('get', { resource: 'namespaces', name: namespace });
    await wait(500);
    const served = server.memory();
    const read = await readAll(server, namespace);
    const { result } = JSON.parse(tools);
    return [
      ...memoryFigures(idle, served, read.peak),
      {
        name: 'list_bytes_ratio',
        value: read.bytes / yamlBytes,
        target: '<= 0.1',
        says: `bytes of text to the agent / bytes of the full YAML (${yamlBytes}), ${read.pages} pages`,
      },
      {
        name: 'list_wire_ratio',
        value: read.wire / yamlBytes,
        says: 'the same of everything on the wire: text and structured result, each complete',
      },
      {
        name: 'tools_list_bytes',
        value: Buffer.byteLength(JSON.stringify(result)),
        target: '<= 8000',
        says: 'bytes of the result of tools/list, which every conversation pays',
      },
      { name: 'list_seconds', value: read.seconds, says: `s for all ${objects} objects` },
    ];
  } finally {
    await close();
    await kube.delete(`/api/v1/namespaces/${namespace}`).catch(() => undefined);
    await kube.close();
    await plane.stop();
  }
}

function memoryFigures(
  idle: number | undefined,
  served: number | undefined,
  peak: number | undefined,
): readonly Figure[] {
  if (idle === undefined || served === undefined || peak === undefined) {
    console.log('There is no /proc on this machine: memory is not measured.');
    return [];
  }
  return [
    {
      name: 'list_peak_over_idle_mb',
      value: (peak - idle) / megabyte,
      target: '<= 40',
      says: 'MB resident at the peak over idle; includes what the first call of a process loads',
    },
    {
      name: 'list_idle_mb',
      value: idle / megabyte,
      says: 'MB resident after tools/list and 2 s, before the first call',
    },
  ];
}

async function fill(kube: Kube, namespace: string): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < objects) {
      const n = next++;
      await kube.create(`/api/v1/namespaces/${namespace}/configmaps`, configMap(n));
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

/** About 1 kB, no two alike. */
const configMap = (n: number): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `settings-${String(n).padStart(5, '0')}`, labels: { app: `app-${n % 50}` } },
  data: Object.fromEntries(
    Array.from({ length: 10 }, (_, line) => [
      `option-${line}`,
      `value ${n * 10 + line} of the service app-${n % 50}, which reads it when it starts and never again`,
    ]),
  ),
});

/** What `kubectl get -o yaml` would put before the agent: all of it but managedFields. */
async function bytesOfFullYaml(kube: Kube, namespace: string): Promise<number> {
  let bytes = 0;
  let token = '';
  do {
    const path = `/api/v1/namespaces/${namespace}/configmaps?limit=${pageSize}&continue=${encodeURIComponent(token)}`;
    const page = await kube.get(path);
    for (const item of page?.items ?? []) {
      const { managedFields: _, ...metadata } = item.metadata;
      bytes += Buffer.byteLength(stringify([{ apiVersion: 'v1', kind: 'ConfigMap', ...item, metadata }]));
    }
    token = page?.metadata?.continue ?? '';
  } while (token !== '');
  return bytes;
}

interface Read {
  readonly pages: number;
  readonly bytes: number;
  readonly wire: number;
  readonly seconds: number;
  readonly peak: number | undefined;
}

async function readAll(server: ServerProcess, namespace: string): Promise<Read> {
  const sampler = samplePeak(server);
  const from = performance.now();
  const names = new Set<string>();
  const said = { bytes: 0, wire: 0, pages: 0 };
  let cursor: unknown;
  do {
    const rest = cursor === undefined ? {} : { continue: cursor };
    const input = { resource: 'configmaps', namespace, output: 'table', limit: pageSize, ...rest };
    const result = await server.call('get', input);
    const text = result.content?.[0]?.text ?? '';
    said.bytes += Buffer.byteLength(text);
    said.wire += Buffer.byteLength(JSON.stringify(result));
    said.pages += 1;
    for (const [name] of text.matchAll(/settings-\d{5}/g)) names.add(name);
    cursor = result.structuredContent?.continue;
  } while (cursor !== undefined);
  const seconds = (performance.now() - from) / 1_000;
  const peak = await sampler.stop();
  // Fewer bytes by fewer objects would be no merit.
  if (names.size !== objects) throw new Error(`the agent saw ${names.size} of ${objects} objects`);
  return { ...said, seconds, peak };
}

function samplePeak(server: ServerProcess): { stop(): Promise<number | undefined> } {
  let peak = server.memory();
  let going = true;
  const sampling = (async () => {
    while (going) {
      const now = server.memory();
      if (now !== undefined) peak = Math.max(peak ?? 0, now);
      await wait(2);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await sampling;
      return peak;
    },
  };
}
