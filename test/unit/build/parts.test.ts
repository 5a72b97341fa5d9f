import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSandbox } from '../../../src/sandbox/server.ts';
import { startClient } from '../../../src/transport/client.ts';

const root = join(import.meta.dirname, '../../..');
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-parts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: folder,
  COUNTERSIGN_STATE: join(folder, 'state'),
  ...more,
});

test('before initialize is answered a third of the program is read at most', async () => {
  const program = join(root, 'dist/countersign.cjs');
  const child = spawn(process.execPath, [program, 'serve'], { env: environment({ NODE_DEBUG: 'esm' }) });
  const errors = text(child.stderr);
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
  const [answer] = await once(child.stdout, 'data');
  expect(JSON.parse(String(answer))).toMatchObject({ id: 1, result: { serverInfo: { name: 'countersign' } } });
  child.stdin.end();
  const loaded = [...(await errors).matchAll(/Translating \S+ file:\/\/(\S+\.[cm]js)/g)].map(([, file]) => file ?? '');
  expect(loaded).toContain(join(root, 'dist/main.mjs'));
  const sizes = await Promise.all([...new Set(loaded)].map(async (file) => (await stat(file)).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1_100_000);
});

/** An allow-all bundle: nobody is asked, so that `exec`, which loads most and latest, runs at once. */
const everything = 'rules: [{name: everything, description: All of it., match: {}, effect: allow}]\n';

test('a server whose package is updated under it goes on with what it has in memory', async () => {
  const installed = join(folder, 'installed');
  // A build that runs meanwhile writes under names with a dot.
  const whole = (path: string): boolean => !basename(path).startsWith('.');
  await cp(join(root, 'dist'), join(installed, 'dist'), { recursive: true, filter: whole });
  await cp(join(root, 'policies'), join(installed, 'policies'), { recursive: true });
  await mkdir(join(folder, 'policy'));
  await writeFile(join(folder, 'policy/everything.yaml'), everything);
  const sandbox = await startSandbox();
  const config = join(folder, 'countersign.yaml');
  const cluster = { sandbox: { url: sandbox.url, token: 'env:SANDBOX_TOKEN' } };
  await writeFile(config, JSON.stringify({ clusters: { here: cluster }, policy: { folder: 'policy' } }));
  const client = await startClient({
    name: 'test',
    version: '1',
    command: process.execPath,
    args: [join(installed, 'dist/countersign.cjs'), 'serve', '--config', config],
    env: environment({ SANDBOX_TOKEN: sandbox.token }),
    stderr: 'ignore',
  });
  try {
    // Refused by the gate: it is there, and nothing has gone to the cluster yet.
    expect((await client.call('nothing', {})).structured).toMatchObject({ status: 'invalid' });
    await rm(join(installed, 'dist'), { recursive: true });
    const read = await client.call('get', { resource: 'pods', namespace: 'shop', output: 'name' });
    expect(read.structured).toMatchObject({ status: 'ok' });
    const pod = /web-[^\s"]+/.exec(read.text)?.[0] ?? '';
    const ran = await client.call('exec', { pod, namespace: 'shop', command: ['env'], reason: 'test' });
    expect(ran.structured).toMatchObject({ status: 'executed' });
  } finally {
    await client.close();
    await sandbox.stop();
  }
});

test('the thread that writes recordings is a part of its own, and loads next to nothing', async () => {
  const names = (await readdir(join(root, 'dist'))).filter((name) => /^part-\w+\.mjs$/.test(name));
  const texts = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(root, 'dist', name), 'utf8')] as const)),
  );
  const main = await readFile(join(root, 'dist/main.mjs'), 'utf8');
  const reached = (text: string, by: RegExp): readonly string[] =>
    [...text.matchAll(by)].flatMap(([, name = '']) => (texts.has(name) ? [name] : []));
  const imported = /(?:from|import)\s*"\.\/(part-\w+\.mjs)"/g;
  const withAll = (found: Set<string>, name: string): Set<string> => {
    if (!found.has(name)) for (const each of reached(texts.get(name) ?? '', imported)) withAll(found.add(name), each);
    return found.add(name);
  };
  // An earlier build may have left parts that nothing names any more.
  const current = reached([main, ...texts.values()].join('\n'), /"\.\/(part-\w+\.mjs)"/g);
  const threads = [...new Set(current)].filter((name) =>
    texts.get(name)?.includes('new Worker(new URL(import.meta.url)'),
  );
  expect(threads.length).toBeGreaterThan(0);
  for (const thread of threads) {
    const size = [...withAll(new Set(), thread)].reduce((sum, name) => sum + (texts.get(name)?.length ?? 0), 0);
    expect(size).toBeLessThan(50_000);
  }
  // What the start loads has none of it.
  const start = reached(main, imported).reduce(withAll, new Set<string>());
  expect([...start].filter((name) => threads.includes(name))).toEqual([]);
});
