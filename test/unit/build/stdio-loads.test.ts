import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-loads-'));
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

/** The sources of every part that Node loaded, by the maps of the parts. */
async function sourcesOf(debug: string): Promise<readonly string[]> {
  const files = new Set([...debug.matchAll(/Translating \S+ file:\/\/(\S+\.mjs)/g)].map(([, file]) => file ?? ''));
  const maps = await Promise.all([...files].map((file) => readFile(`${file}.map`, 'utf8')));
  return maps.flatMap((map) => (JSON.parse(map) as { sources: string[] }).sources);
}

/** Start and memory are measured, and what is loaded counts: other doors and other clouds are not loaded for this one. */
test('serve over stdio loads nothing of HTTP, connect, tokens, metrics or AWS, also when it is called', async () => {
  const env = { PATH: process.env.PATH ?? '', HOME: folder, COUNTERSIGN_STATE: join(folder, 's'), NODE_DEBUG: 'esm' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const call = { name: 'get', arguments: { resource: 'pods', namespace: 'shop' } };
  const lines = [
    { jsonrpc: '2.0', id: 1, method: 'initialize', params },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params: call },
  ].map((message) => `${JSON.stringify(message)}\n`);
  const child = execa(process.execPath, [join(root, 'dist/countersign.cjs'), 'serve', '--sandbox'], {
    env,
    extendEnv: false,
    maxBuffer: 100_000_000,
  });
  let out = '';
  const answered = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
      if (out.includes('"id":2')) resolve();
    });
  });
  child.stdin.write(lines.join(''));
  await answered;
  child.stdin.end();
  const { stderr } = await child;
  expect(out).toContain('"status":"ok"');
  const sources = await sourcesOf(stderr);
  expect(sources.some((each) => each.endsWith('src/gate/invoke.ts'))).toBe(true);
  const others =
    /src\/transport\/(?:http\/(?!config)|connect\/)|src\/metrics\/|src\/identity\/(?:jwt|authenticator|login\/)|eks\/sdk\.ts|@aws-sdk|@smithy|openid-client|\/jose\/|prom-client|@slack/;
  expect(sources.filter((each) => others.test(each))).toEqual([]);
});
