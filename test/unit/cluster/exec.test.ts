import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Frame } from '../../../src/domain/recording.ts';
import type { ExecRequest } from '../../../src/domain/request.ts';
import { context, execution, FakeServer, json, sandboxCluster, type } from './fake-server.ts';

const request: ExecRequest = {
  action: 'exec',
  object: { type: type({ resource: 'pods', kind: 'Pod', subresources: ['exec'] }), namespace: 'shop', name: 'web-1' },
  container: 'web',
  command: ['sh', '-c', 'a b&command=c'],
  timeoutSeconds: 5,
  uid: 'u-1',
  containerId: 'containerd://1',
  restartCount: 0,
  startedAt: '2026-11-21T09:00:00Z',
};

const pod = (restartCount = 0) => ({
  kind: 'Pod',
  metadata: { uid: 'u-1' },
  status: {
    containerStatuses: [
      {
        name: 'web',
        restartCount,
        containerID: 'containerd://1',
        state: { running: { startedAt: '2026-11-21T09:00:00Z' } },
      },
    ],
  },
});

const framesOf = (name: string): Buffer[] => {
  const file = new URL(`../../../fixtures/kubernetes/exec/${name}.json`, import.meta.url);
  const frames: [number, string][] = JSON.parse(readFileSync(file, 'utf8'));
  return frames.map(([channel, text]) => Buffer.concat([Buffer.of(channel), Buffer.from(text)]));
};

describe('exec over WebSocket', () => {
  const server = new FakeServer();
  let sockets: WebSocketServer;
  let cluster = sandboxCluster('http://127.0.0.1:1');
  let offered: string[] = [];
  let upgraded: { url: string; rawHeaders: string[] }[] = [];
  let behave: (socket: WebSocket) => void;
  let speaks = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

  beforeEach(async () => {
    await server.start();
    server.seen.length = 0;
    server.reply = (_, response) => json(response, 200, pod());
    offered = [];
    upgraded = [];
    speaks = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
    sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (protocols) => {
        offered = [...protocols];
        return speaks.find((each) => protocols.has(each)) ?? false;
      },
    });
    server.http.on('upgrade', (incoming, socket: Duplex, head) => {
      upgraded.push({ url: incoming.url ?? '', rawHeaders: incoming.rawHeaders });
      sockets.handleUpgrade(incoming, socket, head, (opened) => behave(opened));
    });
    cluster = sandboxCluster(server.url, { tiers: { exec: { user: 'countersign-writer', groups: ['a', 'b'] } } });
  });
  afterEach(async () => {
    server.http.removeAllListeners('upgrade');
    for (const each of sockets.clients) each.terminate();
    sockets.close();
    await cluster.close();
    await server.stop();
  });

  const run = async (changes: Partial<ExecRequest> = {}, onFrame?: (frame: Frame) => Promise<void>) => {
    const frames: Frame[] = [];
    const asked = { ...request, ...changes };
    const end = await execution(cluster, [asked], context()).exec(
      asked,
      onFrame ??
        (async (frame) => {
          frames.push(frame);
        }),
    );
    const said = frames.map((frame) => [frame.channel, Buffer.from(frame.bytes).toString()]);
    return { end, said };
  };
  const play = (name: string) => (socket: WebSocket) => {
    for (const frame of framesOf(name)) socket.send(frame);
    socket.close();
  };

  it('gives frames in order and the exit code of the program', async () => {
    behave = play('exit-3');
    const { end, said } = await run();
    expect(end).toEqual({ exitCode: 3, timedOut: false, reason: undefined });
    expect(said.slice(0, 3)).toEqual([
      ['stdout', 'out 1\n'],
      ['stderr', 'err 1\n'],
      ['stdout', 'out 2\n'],
    ]);
    expect(said[3]![0]).toBe('status');
  });

  it('offers v5 and v4, names the container, sends the arguments one by one and the impersonation line by line', async () => {
    behave = play('success');
    await run();
    expect(offered).toEqual(['v5.channel.k8s.io', 'v4.channel.k8s.io']);
    expect(upgraded[0]!.url).toBe(
      '/api/v1/namespaces/shop/pods/web-1/exec?container=web&command=sh&command=-c&command=a%20b%26command%3Dc&stdin=false&stdout=true&stderr=true&tty=false',
    );
    const raw = upgraded[0]!.rawHeaders;
    const groups = raw.filter((_, index) => raw[index - 1]?.toLowerCase() === 'impersonate-group');
    expect(groups).toEqual(['a', 'b']);
    expect(raw).toContain('Bearer a-token');
  });

  it('does not take a failure of the runtime for an exit code', async () => {
    behave = play('runtime-error');
    const { end } = await run();
    expect(end.exitCode).toBeUndefined();
    expect(end.reason).toContain('container is not running');
  });

  it('knows nothing of the outcome where no status came', async () => {
    behave = play('no-status');
    expect((await run()).end).toEqual({
      exitCode: undefined,
      timedOut: false,
      reason: 'the connection ended without a status',
    });
  });

  it('passes over stray frames', async () => {
    behave = (socket) => {
      socket.send('a text frame');
      socket.send(Buffer.alloc(0));
      play('stray')(socket);
    };
    const { end, said } = await run();
    expect(end.exitCode).toBe(0);
    expect(said[0]).toEqual(['stdout', 'kept\n']);
  });

  it('survives bytes that are no WebSocket', async () => {
    behave = (socket) => {
      // the raw socket under the library
      (socket as unknown as { _socket: Socket })._socket.end('HTTP/1.1 500 what\r\n\r\n');
    };
    expect((await run()).end.exitCode).toBeUndefined();
  });

  it('sends the input, then says that it ends', async () => {
    const got: Buffer[] = [];
    behave = (socket) =>
      socket.on('message', (data: Buffer) => {
        got.push(data);
        if (data[0] === 255) play('success')(socket);
      });
    const stdin = 'x'.repeat(40_000);
    const { end, said } = await run({ stdin });
    expect(end.exitCode).toBe(0);
    expect(offered).toEqual(['v5.channel.k8s.io']);
    expect(got.at(-1)).toEqual(Buffer.of(255, 0));
    const sent = Buffer.concat(got.slice(0, -1).map((each) => each.subarray(1)));
    expect(sent.toString()).toBe(stdin);
    expect(said[0]).toEqual(['stdin', stdin]);
  });

  it('starts nothing where input is given and the server cannot end it', async () => {
    speaks = ['v4.channel.k8s.io'];
    behave = play('success');
    await expect(run({ stdin: 'x' })).rejects.toMatchObject({ code: 'Invalid' });
    expect((await run()).end.exitCode).toBe(0);
  });

  it('holds the program back while a frame is being recorded', async () => {
    const frame = Buffer.concat([Buffer.of(1), Buffer.alloc(64 * 1024, 'a')]);
    let unsent = 0;
    behave = (socket) => {
      for (let i = 0; i < 400; i++) socket.send(frame);
      const sample = setInterval(() => {
        unsent = socket.bufferedAmount;
      }, 5);
      for (const each of framesOf('success')) socket.send(each);
      socket.close();
      socket.on('close', () => clearInterval(sample));
    };
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let taken = 0;
    let atOnce = 0;
    const running = run({}, async () => {
      atOnce += 1;
      expect(atOnce).toBe(1);
      taken += 1;
      if (taken === 1) {
        // the server is stuck with most of it while the first frame is not taken
        while (unsent < 10 * 1024 * 1024) await new Promise((resolve) => setTimeout(resolve, 5));
        release();
      }
      await held;
      atOnce -= 1;
    });
    await held;
    expect((await running).end.exitCode).toBe(0);
    expect(taken).toBe(402);
  });

  it('serves everybody else while a program writes on and on', async () => {
    const frame = Buffer.concat([Buffer.of(1), Buffer.alloc(32 * 1024, 'a')]);
    behave = (socket) => {
      for (let i = 0; i < 100; i++) socket.send(frame);
      play('success')(socket);
    };
    let taken = 0;
    let inOneTurn = 0;
    let most = 0;
    const turn = (): void => {
      inOneTurn = 0;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    await run({}, async () => {
      taken += 1;
      inOneTurn += 1;
      most = Math.max(most, inOneTurn);
    });
    clearImmediate(next);
    expect(taken).toBe(102);
    // What one read brings: 64 KiB.
    expect(most).toBeLessThanOrEqual(4);
  });

  it('ends when its time is over, and when nobody wants it any more', async () => {
    behave = () => undefined;
    expect((await run({ timeoutSeconds: 0.05 })).end).toMatchObject({ timedOut: true, exitCode: undefined });
    const caller = new AbortController();
    behave = () => caller.abort();
    const handle = execution(cluster, [request], context({ signal: caller.signal }));
    const end = handle.exec(request, async () => undefined);
    await expect(end.catch((error) => error.code)).resolves.toSatisfy((value: unknown) =>
      value === 'Unknown' ? true : (value as { exitCode: unknown }).exitCode === undefined,
    );
  });

  it('ends the session where the container was restarted while it connected, and takes nothing from it', async () => {
    behave = play('success');
    server.reply = (_, response) => json(response, 200, pod(upgraded.length));
    const taken: Frame[] = [];
    const session = run({}, async (frame) => {
      taken.push(frame);
    });
    await expect(session).rejects.toMatchObject({ code: 'Unknown' });
    expect(taken).toEqual([]);
  });

  it.each([
    [403, 'Forbidden'],
    [404, 'NotFound'],
    [400, 'Invalid'],
    [500, 'Unknown'],
  ])('says what the server refused it with: %i is %s', async (status, code) => {
    server.http.removeAllListeners('upgrade');
    server.http.on('upgrade', (_, socket: Duplex) => {
      const message = JSON.stringify({
        kind: 'Status',
        message: 'pods "web-1" is forbidden: User "x" cannot create resource "pods/exec"',
      });
      socket.end(
        `HTTP/1.1 ${status} No\r\ncontent-type: application/json\r\ncontent-length: ${message.length}\r\n\r\n${message}`,
      );
    });
    await expect(run()).rejects.toMatchObject({ code });
  });

  it('is Unknown where the connection is lost in the handshake', async () => {
    server.http.removeAllListeners('upgrade');
    server.http.on('upgrade', (_, socket: Duplex) => socket.destroy());
    await expect(run()).rejects.toMatchObject({ code: 'Unknown' });
  });
});
