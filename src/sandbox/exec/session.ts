import type { RawData, WebSocket } from 'ws';
import type { JsonObject, KubeObject } from '../json.ts';
import { nameOf } from '../object.ts';
import type { World } from '../world.ts';
import { environmentOf, filesOf } from './container.ts';
import { type Process, run } from './programs.ts';
import { Stdin } from './stdin.ts';

/** Channels of the remote command protocol (v4.channel.k8s.io; v5 adds close). */
const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;

interface Session {
  readonly world: World;
  readonly pod: KubeObject;
  readonly container: JsonObject;
  readonly argv: string[];
  readonly hasStdin: boolean;
}

/** Runs one canned program over an open WebSocket, answers its Status on channel 3 and closes. */
export async function serveExec(socket: WebSocket, session: Session): Promise<void> {
  const { world, pod, container, argv } = session;
  const stdin = new Stdin();
  const gone = new AbortController();
  const send = (to: number, data: string | Buffer): void =>
    socket.send(Buffer.concat([Buffer.from([to]), typeof data === 'string' ? Buffer.from(data) : data]));
  if (!session.hasStdin) stdin.end();
  socket.on('message', (data) => receive(bufferOf(data), stdin, socket.protocol));
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    stdin.end();
    gone.abort();
  });
  const process: Process = {
    env: environmentOf(world, pod, container),
    files: filesOf(world, pod, container),
    hostname: nameOf(pod),
    now: world.now,
    stdin,
    signal: gone.signal,
    stdout: (data) => send(channel.stdout, data),
    stderr: (data) => send(channel.stderr, data),
  };
  const code = await run(argv, process).catch((error: unknown) =>
    gone.signal.aborted ? undefined : failed(error, process),
  );
  if (code === undefined) return;
  send(channel.status, JSON.stringify(statusOf(code)));
  socket.close(1000);
}

function failed(error: unknown, process: Process): number {
  process.stderr(`${error instanceof Error ? error.message : String(error)}\n`);
  return 126;
}

function receive(frame: Buffer, stdin: Stdin, protocol: string): void {
  if (frame[0] === channel.stdin) stdin.push(frame.subarray(1));
  const isHalfClose = frame[0] === channel.close && frame[1] === channel.stdin;
  if (isHalfClose && protocol.startsWith('v5')) stdin.end();
}

function bufferOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function statusOf(code: number): JsonObject {
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: error executing command: exit status ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}
