import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { type Certificates, makeCertificates } from './control-plane/certificates.ts';

/** A sandbox behind TLS, so that it is a cluster like others: a kubeconfig or EKS leads to it, with a CA of its own. */
export interface TlsSandbox {
  /** Stays the same, whatever answers there. */
  readonly url: string;
  readonly caCert: string;
  /** Method and path of all that was asked, in order. */
  readonly asked: string[];
  /** Another cluster answers at this address from now on: with this CA, or with the one that it had. */
  becomes(next: { readonly sandbox?: Sandbox; readonly certificates?: Certificates }): Promise<void>;
  close(): Promise<void>;
}

/** Takes every token and no token: who may do what is not its matter. */
export async function startTlsSandbox(): Promise<TlsSandbox> {
  let sandbox = await startSandbox();
  let certificates = await newAuthority();
  const own = [sandbox];
  const asked: string[] = [];
  const forward = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const headers = { ...incoming.headers, authorization: `Bearer ${sandbox.token}`, host: new URL(sandbox.url).host };
    const sent = request(`${sandbox.url}${incoming.url}`, { method: incoming.method ?? 'GET', headers });
    incoming.pipe(sent);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  };
  const listen = async (port: number): Promise<Server> => {
    const server = createServer(
      { cert: certificates.serverCert, key: certificates.serverKey },
      (incoming, outgoing) => {
        forward(incoming, outgoing).catch(() => outgoing.destroy());
      },
    );
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let server = await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  return {
    url: `https://127.0.0.1:${port}`,
    get caCert() {
      return certificates.caCert;
    },
    asked,
    becomes: async (next) => {
      await stop(server);
      if (next.sandbox !== undefined) own.push(next.sandbox);
      sandbox = next.sandbox ?? sandbox;
      certificates = next.certificates ?? certificates;
      server = await listen(port);
    },
    close: async () => {
      await stop(server);
      for (const each of own) await each.stop();
    },
  };
}

/** What it was asked to change; a dry run changes nothing. */
export const changesIn = ({ asked }: TlsSandbox): readonly string[] =>
  asked.filter((line) => !line.startsWith('GET ') && !line.includes('dryRun=All'));

export const newAuthority = (): Promise<Certificates> => makeCertificates({ user: 'nobody', group: 'nobodies' });

async function stop(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
