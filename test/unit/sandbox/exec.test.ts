import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Client, startClient } from './client.ts';

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: { status: string; details?: { causes: { reason: string; message: string }[] } };
}

describe('exec', () => {
  let client: Client;
  let pod: string;
  beforeAll(async () => {
    client = await startClient();
    pod = (await client.get('/api/v1/namespaces/shop/pods')).body.items[0].metadata.name;
  });
  afterAll(() => client.sandbox.stop());

  const open = (
    argv: string[],
    query = '',
    protocol: string | string[] = 'v5.channel.k8s.io',
    token = client.sandbox.token,
  ) => {
    const command = argv.map((arg) => `command=${encodeURIComponent(arg)}`).join('&');
    const url = `${client.sandbox.url.replace('http', 'ws')}/api/v1/namespaces/shop/pods/${pod}/exec?${command}&stdout=true&stderr=true${query}`;
    return new WebSocket(url, protocol, { headers: { authorization: `Bearer ${token}` } });
  };
  const collect = async (socket: WebSocket): Promise<Run> => {
    const channels = ['', '', '', ''];
    socket.on('message', (data: Buffer) => {
      channels[data[0] ?? 0] += data.subarray(1).toString();
    });
    await once(socket, 'close');
    return { stdout: channels[1] ?? '', stderr: channels[2] ?? '', status: JSON.parse(channels[3] ?? '') };
  };
  const run = (argv: string[]) => collect(open(argv));

  it('runs canned programs and answers their exit codes as a Status', async () => {
    expect(await run(['echo', 'a b', 'c'])).toEqual({
      stdout: 'a b c\n',
      stderr: '',
      status: { metadata: {}, status: 'Success' },
    });
    expect((await run(['hostname'])).stdout).toBe(`${pod}\n`);
    const failed = await run(['false']);
    expect(failed.status.details?.causes).toEqual([{ reason: 'ExitCode', message: '1' }]);
    const unknown = await run(['rm', '-rf', '/']);
    expect(unknown.status.details?.causes[0]?.message).toBe('127');
    expect(unknown.stderr).toContain('executable file not found');
  });

  it('shows the environment with the values of Secrets', async () => {
    expect((await run(['env'])).stdout).toContain('DB_PASSWORD=sandbox-only-T4ble-Lamp-91\n');
    expect((await run(['printenv', 'LOG_LEVEL'])).stdout).toBe('info\n');
  });

  it('shows mounted files, and says what is not there', async () => {
    expect((await run(['cat', '/etc/web/settings.yaml'])).stdout).toContain('currency: EUR');
    expect((await run(['ls', '/etc/web'])).stdout).toBe('LOG_LEVEL\nsettings.yaml\n');
    const missing = await run(['cat', '/etc/passwd']);
    expect([missing.stderr, missing.status.details?.causes[0]?.message]).toEqual([
      'cat: /etc/passwd: No such file or directory\n',
      '1',
    ]);
  });

  it('feeds stdin until its half-close', async () => {
    const socket = open(['cat'], '&stdin=true');
    const done = collect(socket);
    await once(socket, 'open');
    socket.send(Buffer.from('\0one '));
    socket.send(Buffer.from('\0two'));
    socket.send(Buffer.from([255, 0]));
    expect((await done).stdout).toBe('one two');
  });

  it('speaks v4, prefers v5, and refuses other protocols', async () => {
    const socket = open(['true'], '', ['v4.channel.k8s.io', 'v5.channel.k8s.io']);
    await collect(socket);
    expect(socket.protocol).toBe('v5.channel.k8s.io');
    const older = open(['true'], '', 'v4.channel.k8s.io');
    expect((await collect(older)).status.status).toBe('Success');
    expect(await refusal(open(['true'], '', 'v1.channel.k8s.io'))).toBe(400);
  });

  it('refuses before the upgrade: no token, no such pod or container, dryRun, a TTY', async () => {
    expect(await refusal(open(['true'], '', 'v5.channel.k8s.io', 'wrong'))).toBe(401);
    expect(await refusal(open(['true'], '&container=none'))).toBe(400);
    expect(await refusal(open(['true'], '&dryRun=All'))).toBe(400);
    expect(await refusal(open(['true'], '&tty=true'))).toBe(400);
    expect(await refusal(open([]))).toBe(400);
    const known = pod;
    pod = 'none';
    expect(await refusal(open(['true']))).toBe(404);
    pod = known;
    expect((await client.request('POST', `/api/v1/namespaces/shop/pods/${pod}/exec?command=true`)).status).toBe(400);
  });

  it('ends a sleep when the client goes', async () => {
    const socket = open(['sleep', '600']);
    await once(socket, 'open');
    socket.close();
    await once(socket, 'close');
    expect((await run(['sleep', '0'])).status.status).toBe('Success');
  });
});

async function refusal(socket: WebSocket): Promise<number> {
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  socket.terminate();
  return response.statusCode;
}
