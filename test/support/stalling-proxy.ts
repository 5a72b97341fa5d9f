import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import { makeCertificates } from './control-plane/certificates.ts';
import { controlPlane } from './control-plane/namespace.ts';

export interface StallingProxy {
  readonly url: string;
  readonly caCert: string;
  /** The next real change (no dry-run) stops before it is forwarded, or before its answer is; resolves when it does. */
  stall(where: 'before' | 'after'): Promise<void>;
  close(): Promise<void>;
}

/** In front of the API server, with TLS of its own: a place where a request can be stopped without stopping anything else. */
export async function startStallingProxy(): Promise<StallingProxy> {
  const { server: target, caPath } = controlPlane();
  const ca = await readFile(caPath, 'utf8');
  const own = await makeCertificates({ user: 'nobody', group: 'nobodies' });
  let stall: { readonly where: 'before' | 'after'; readonly reached: () => void } | undefined;

  const forward = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const here = isChange(incoming) ? stall : undefined;
    if (here?.where === 'before') return here.reached();
    const { method, headers, url } = incoming;
    const onward = request(`${target}${url}`, { method, ca, headers: { ...headers, host: new URL(target).host } });
    onward.end(Buffer.concat(chunks));
    const [answer] = (await once(onward, 'response')) as [IncomingMessage];
    if (here?.where === 'after') {
      answer.resume();
      await once(answer, 'end');
      return here.reached();
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  };
  const server = createServer({ cert: own.serverCert, key: own.serverKey }, (incoming, outgoing) => {
    forward(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy got no port');
  return {
    url: `https://127.0.0.1:${address.port}`,
    caCert: own.caCert,
    stall: (where) =>
      new Promise((resolve) => {
        stall = {
          where,
          reached: () => {
            stall = undefined;
            resolve();
          },
        };
      }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const isChange = ({ method, url }: IncomingMessage): boolean => method === 'PATCH' && !url?.includes('dryRun');
