import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const resource = 'https://countersign.example.com/mcp';

export interface Issuer {
  readonly url: string;
  /** Of `bench-agent`, good for the whole bench. */
  readonly token: string;
  tokenOf(subject: string): Promise<string>;
  close(): Promise<void>;
}

/** An issuer of workloads: its keys over HTTP, and tokens as many as are asked for. */
export async function startIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' };
  const server = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tokenOf = (subject: string): Promise<string> =>
    new SignJWT({ groups: ['agents'] })
      .setProtectedHeader({ alg: 'ES256', kid: 'bench', typ: 'JWT' })
      .setIssuer(url)
      .setSubject(subject)
      .setAudience(resource)
      .setIssuedAt()
      .setExpirationTime('4h')
      .sign(privateKey);
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return { url, token: await tokenOf('bench-agent'), tokenOf, close };
}
