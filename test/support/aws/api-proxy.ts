import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer as createTlsServer, request } from 'node:https';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { generate } from 'selfsigned';
import { makeCertificates } from '../control-plane/certificates.ts';
import { controlPlane } from '../control-plane/namespace.ts';
import { type FakeAws, region } from './server.ts';
import { verifySigned } from './sigv4.ts';

/** What EKS does in front of the real API server: the token is verified, and an access entry says who that is. */
export interface EksApi {
  readonly url: string;
  readonly caCert: string;
  /** Sessions whose token was taken, in order. */
  readonly seen: string[];
  close(): Promise<void>;
}

/** Group of the cluster for the role of a name, as an access entry has it. */
type AccessEntries = ReadonlyMap<string, string>;

/**
 * A token is answered for by a client certificate of the cluster's own authority: user and group are what EKS would say, and
 * everything after that is the API server's work.
 */
export async function startEksApi(aws: FakeAws, cluster: string, entries: AccessEntries): Promise<EksApi> {
  const { server: target, caPath, folder } = controlPlane();
  if (folder === undefined) throw new Error('this test needs a control plane of its own');
  const ca = { key: await readFile(join(folder, 'ca.key'), 'utf8'), cert: await readFile(caPath, 'utf8') };
  const own = await makeCertificates({ user: 'nobody', group: 'nobodies' });
  const agents = new Map<string, Promise<Agent>>();
  const seen: string[] = [];

  const agentFor = (authorization: string | undefined): Promise<Agent> | undefined => {
    const arn = callerOf(aws, cluster, authorization);
    const group = entries.get(arn?.split('/')[1] ?? '');
    if (arn === undefined || group === undefined) return undefined;
    if (seen.at(-1) !== arn) seen.push(arn);
    let agent = agents.get(arn);
    agent ??= certificateAgent(ca, arn, group);
    agents.set(arn, agent);
    return agent;
  };

  const onward = async (incoming: IncomingMessage) => {
    const agent = await agentFor(incoming.headers.authorization);
    if (agent === undefined) return undefined;
    const lines = incoming.rawHeaders.filter(
      (_, index, all) => !/^(authorization|host)$/i.test(all[index - (index % 2)] ?? ''),
    );
    const headers = ['host', new URL(target).host, ...lines];
    return request(`${target}${incoming.url}`, { method: incoming.method ?? 'GET', headers, agent, ca: ca.cert });
  };
  const forward = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const sent = await onward(incoming);
    if (sent === undefined) {
      outgoing.writeHead(401, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify({ kind: 'Status', status: 'Failure', reason: 'Unauthorized', code: 401 }));
      return;
    }
    incoming.pipe(sent);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(outgoing);
  };
  /** What the listener does not close by itself: streams that were upgraded. */
  const upgraded = new Set<Duplex>();
  const upgrade = async (incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    const sent = await onward(incoming);
    if (sent === undefined) return refuse401(socket);
    sent.on('response', (answer) => {
      socket.write(
        `HTTP/1.1 ${answer.statusCode} refused\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n`,
      );
      answer.pipe(socket);
    });
    sent.on('upgrade', (answer: IncomingMessage, to: Duplex, first: Buffer) => {
      const lines: string[] = [];
      for (let index = 0; index < answer.rawHeaders.length; index += 2)
        lines.push(`${answer.rawHeaders[index]}: ${answer.rawHeaders[index + 1]}`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
      to.write(head);
      socket.write(first);
      for (const each of [to, socket]) each.on('error', () => each.destroy());
      to.pipe(socket).pipe(to);
    });
    sent.on('error', () => socket.destroy());
    sent.end();
  };
  const server = createTlsServer({ cert: own.serverCert, key: own.serverKey }, (incoming, outgoing) => {
    forward(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.on('upgrade', (incoming, socket, head) => void upgrade(incoming, socket, head).catch(() => socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `https://127.0.0.1:${address.port}`,
    caCert: own.caCert,
    seen,
    close: async () => {
      for (const agent of agents.values()) (await agent).destroy();
      server.close();
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      await once(server, 'close');
    },
  };
}

const refuse401 = (socket: Duplex): void => {
  socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
};

/** Whose token this is, as aws-iam-authenticator finds it out; undefined: it is refused. */
export function callerOf(aws: FakeAws, cluster: string, authorization: string | undefined): string | undefined {
  const token = /^Bearer k8s-aws-v1\.([\w-]+)$/.exec(authorization ?? '')?.[1];
  if (token === undefined) return undefined;
  const url = new URL(Buffer.from(token, 'base64url').toString('utf8'));
  const query = url.searchParams;
  if (url.protocol !== 'https:' || url.host !== `sts.${region}.amazonaws.com` || url.pathname !== '/') return undefined;
  if (query.get('Action') !== 'GetCallerIdentity' || query.get('X-Amz-Expires') !== '60') return undefined;
  const headers = { host: url.host, 'x-k8s-aws-id': cluster };
  const signed = verifySigned({ method: 'GET', url: url.pathname + url.search, headers, body: '' }, aws.secretOf);
  if ('error' in signed || !signed.signedHeaders.includes('x-k8s-aws-id')) return undefined;
  if (signed.service !== 'sts' || signed.region !== region) return undefined;
  if (Math.abs(aws.now() - signed.signedAt) > 15 * 60_000) return undefined;
  return aws.keys.get(signed.accessKeyId)?.arn;
}

async function certificateAgent(ca: { key: string; cert: string }, user: string, group: string): Promise<Agent> {
  const { private: key, cert } = await generate(
    [
      { name: 'organizationName', value: group },
      { name: 'commonName', value: user },
    ],
    {
      ...{ keyType: 'ec', curve: 'P-256', algorithm: 'sha256', ca },
      extensions: [
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', clientAuth: true },
      ],
    },
  );
  return new Agent({ key, cert, ca: ca.cert, keepAlive: true });
}
