import { afterEach, beforeEach, expect, it } from 'vitest';
import { context, execution, FakeServer, sandboxCluster, type } from './fake-server.ts';

const logs = {
  action: 'logs',
  object: { type: type({ resource: 'pods', kind: 'Pod' }), namespace: 'shop', name: 'web' },
  container: 'web',
  tailLines: 100,
  previous: false,
} as const;

const server = new FakeServer();
beforeEach(() => server.start());
afterEach(() => server.stop());

it('lets everybody else have a turn between two parts of a long answer', async () => {
  const part = Buffer.alloc(64 * 1024, 'one line of a log\n');
  server.reply = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    for (let n = 0; n < 100; n++) response.write(part);
    response.end();
  };
  let turn = 0;
  let counting = true;
  const count = (): void => {
    turn += 1;
    if (counting) setImmediate(count);
  };
  count();
  const turns: number[] = [];
  let bytes = 0;
  const cluster = sandboxCluster(server.url);
  const end = await execution(cluster, [logs], context()).logs(logs, (chunk) => {
    turns.push(turn);
    bytes += chunk.length;
  });
  counting = false;
  expect({ end, bytes }).toEqual({ end: { cut: false }, bytes: 100 * part.length });
  expect(new Set(turns).size).toBe(turns.length);
  expect(turns.length).toBeGreaterThan(50);
  await cluster.close();
});

it('ends with what looks at a part, and reads no further', async () => {
  server.reply = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    for (let n = 0; n < 100; n++) response.write(Buffer.alloc(64 * 1024, 'x'));
  };
  let seen = 0;
  const cluster = sandboxCluster(server.url);
  const reading = execution(cluster, [logs], context()).logs(logs, () => {
    seen += 1;
    throw new Error('enough');
  });
  await expect(reading).rejects.toThrow('enough');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(seen).toBe(1);
  await cluster.close();
});
