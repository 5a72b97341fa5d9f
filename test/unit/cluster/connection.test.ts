import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { context, execution, FakeServer, get, json, remove, sandboxCluster } from './fake-server.ts';

describe('what goes wrong on the way to the API server', () => {
  const server = new FakeServer();
  let cluster = sandboxCluster('http://127.0.0.1:1');

  beforeEach(async () => {
    server.seen.length = 0;
    await server.start();
    cluster = sandboxCluster(server.url, {}, 300);
  });
  afterEach(async () => {
    await cluster.close();
    await server.stop();
  });

  it('is Unavailable where nobody listens, for a mutation too, with host and cause and no path', async () => {
    const closed = sandboxCluster('http://127.0.0.1:1');
    for (const request of [get, remove]) {
      const error = await execution(closed, [request])
        .send(request)
        .catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'Unavailable' });
      expect(error.message).toBe('the cluster at 127.0.0.1:1 does not answer: connection refused');
    }
    await closed.close();
  });

  it('is Unknown for a mutation that was sent and not answered in time, Unavailable for a read', async () => {
    server.reply = () => undefined;
    const read = await execution(cluster, [get])
      .send(get)
      .catch((thrown) => thrown);
    expect(read).toMatchObject({ code: 'Unavailable' });
    expect(read.message).toContain('no answer within 0.3 s');
    const change = await execution(cluster, [remove])
      .send(remove)
      .catch((thrown) => thrown);
    expect(change).toMatchObject({ code: 'Unknown' });
    expect(server.seen.filter((each) => each.method === 'DELETE')).toHaveLength(1);
  });

  it('is Unknown for a mutation whose connection was lost, and it is not sent again', async () => {
    server.reply = (_, response) => response.destroy();
    const change = await execution(cluster, [remove])
      .send(remove)
      .catch((thrown) => thrown);
    expect(change).toMatchObject({ code: 'Unknown' });
    expect(server.seen).toHaveLength(1);
  });

  it('is Unknown for a mutation whose answer was cut off', async () => {
    server.reply = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"kind":');
      setImmediate(() => response.destroy());
    };
    const change = await execution(cluster, [remove])
      .send(remove)
      .catch((thrown) => thrown);
    expect(change).toMatchObject({ code: 'Unknown' });
  });

  it('reads once more on a connection that was dropped, and only once', async () => {
    server.reply = (_, response) => {
      if (server.seen.length === 1) response.destroy();
      else json(response, 200, { kind: 'ConfigMap' });
    };
    expect((await execution(cluster, [get]).send(get)).body).toEqual({ kind: 'ConfigMap' });
    expect(server.seen.map((each) => each.headers['audit-id'])).toEqual(['audit-1', 'audit-2']);
    server.reply = (_, response) => response.destroy();
    const error = await execution(cluster, [get])
      .send(get)
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'Unavailable' });
    expect(server.seen).toHaveLength(4);
  });

  it('is Unavailable where something else answers', async () => {
    server.reply = (_, response) => response.end('<html>welcome</html>');
    const error = await execution(cluster, [get])
      .send(get)
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'Unavailable' });
    const change = await execution(cluster, [remove])
      .send(remove)
      .catch((thrown) => thrown);
    expect(change).toMatchObject({ code: 'Unknown' });
  });

  it('refuses an answer that is larger than it would parse', async () => {
    server.reply = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(1 << 20, ' ');
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    };
    const large = sandboxCluster(server.url, {}, 20_000);
    const error = await execution(large, [get])
      .send(get)
      .catch((thrown) => thrown);
    expect(error.message).toContain('larger than 32 MB');
    await large.close();
  });

  it('gives up a read that nobody waits for, and keeps a mutation that has been sent', async () => {
    const caller = new AbortController();
    server.reply = (seen, response) => {
      caller.abort();
      if (seen.method === 'DELETE') json(response, 200, { kind: 'Status', status: 'Success' });
    };
    const read = await execution(cluster, [get], context({ signal: caller.signal }))
      .send(get)
      .catch((thrown) => thrown);
    expect(read).toMatchObject({ code: 'Unavailable' });
    const other = new AbortController();
    server.reply = (_, response) => {
      other.abort();
      json(response, 200, { kind: 'Status', status: 'Success' });
    };
    const change = await execution(cluster, [remove], context({ signal: other.signal })).send(remove);
    expect(change.httpStatus).toBe(200);
    const late = await execution(cluster, [remove], context({ signal: other.signal }))
      .send(remove)
      .catch((thrown) => thrown);
    expect(late).toMatchObject({ code: 'Unavailable' });
    expect(server.seen.filter((each) => each.method === 'DELETE')).toHaveLength(1);
  });

  it('does not talk past TLS to something that is no API server', async () => {
    const mute = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as { port: number };
    const gone = sandboxCluster(`http://127.0.0.1:${port}`);
    const error = await execution(gone, [get])
      .send(get)
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'Unavailable' });
    await gone.close();
    mute.close();
  });
});
