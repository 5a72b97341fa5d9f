import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { SinkConfig } from '../../audit/config.ts';
import { because } from './finding.ts';

/** Milliseconds. */
const within = 3_000;

export const sinkName = (sink: SinkConfig): string => ('file' in sink ? sink.file : new URL(sink.url).host);

/** Why nothing gets there; undefined where it could. Nothing is sent: of an address the connection and its certificate are tried. */
export async function whyUnreachable(sink: SinkConfig): Promise<string | undefined> {
  try {
    if ('file' in sink) await mayAppend(sink.file);
    else await connected(new URL(sink.url), sink.ca);
    return undefined;
  } catch (thrown) {
    return because(thrown);
  }
}

async function mayAppend(path: string): Promise<void> {
  const isThere = await access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
  // Made with the first checkpoint.
  await access(isThere ? path : dirname(path), constants.W_OK);
}

async function connected({ protocol, hostname, port }: URL, ca: string | undefined): Promise<void> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const isTls = protocol === 'https:';
  const to = { host, port: Number(port) || (isTls ? 443 : 80) };
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket: Socket = isTls
    ? connectTls({ ...to, ...name, ...(ca === undefined ? {} : { ca: await readFile(ca) }) })
    : connectPlain(to);
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal: AbortSignal.timeout(within) });
  } catch (thrown) {
    throw thrown instanceof Error && thrown.name === 'AbortError' ? new Error('nobody answers') : thrown;
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}
