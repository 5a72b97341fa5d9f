import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import Provider, { type Configuration, type ResourceServer } from 'oidc-provider';

/** The audience of every token here. */
export const resource = 'https://countersign.example.com/mcp';
const scope = 'countersign:read countersign:write countersign:exec';

/** What server-side asks for introspection. */
export const introspecting = { clientId: 'countersign', clientSecret: 'introspection-secret-7b1' };
export const robot = { clientId: 'robot', clientSecret: 'robot-secret-41c' };

export interface TokenFor {
  /** Undefined: the client for itself. */
  readonly person?: string;
  readonly client?: string;
  readonly scope?: string;
  readonly groups?: readonly string[];
  readonly act?: string;
  /** Thumbprint of a DPoP key. */
  readonly jkt?: string;
  readonly opaque?: boolean;
}

/** A real identity provider on loopback, whose private key the tests have too. */
export interface Oidc {
  readonly issuer: string;
  /** A token as the provider itself makes it for somebody who logged in. */
  token(what: TokenFor): Promise<string>;
  /** Anything at all, signed with the key of the provider. */
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  publicKey(): Promise<JWK>;
  /** Another signing key takes the place of the one there was. */
  rotate(): Promise<void>;
  /** Connections are refused until the returned function is called. */
  outage(): () => void;
  /** Requests so far by path. */
  readonly asked: ReadonlyMap<string, number>;
  /** Ends a token at the provider. */
  revoke(token: string): Promise<void>;
  close(): Promise<void>;
}

interface Running {
  readonly provider: Provider;
  readonly key: CryptoKey;
  readonly jwk: JWK;
}

export async function startOidc(): Promise<Oidc> {
  const asked = new Map<string, number>();
  let down = false;
  let handle: RequestListener = () => undefined;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1);
    if (down) request.socket.destroy();
    else handle(request, response);
  });
  const issuer = `http://127.0.0.1:${await listening(server)}`;
  let serial = 0;
  const run = async (): Promise<Running> => {
    serial += 1;
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: `key-${serial}`, alg: 'RS256', use: 'sig' };
    const provider = new Provider(issuer, configurationOf({ ...(await exportJWK(privateKey)), ...jwk }));
    handle = provider.callback();
    return { provider, key: privateKey, jwk };
  };
  let now = await run();
  return {
    issuer,
    asked,
    token: (what) => tokenOf(now.provider, what),
    sign: (claims, header = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({
          alg: 'RS256',
          typ: 'at+jwt',
          ...(now.jwk.kid === undefined ? {} : { kid: now.jwk.kid }),
          ...header,
        })
        .sign(now.key),
    publicKey: async () => now.jwk,
    rotate: async () => {
      now = await run();
    },
    outage: () => {
      down = true;
      server.closeAllConnections();
      return () => {
        down = false;
      };
    },
    revoke: async (token) => {
      await (await now.provider.AccessToken.find(token))?.destroy();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const resourceServer = (opaque: boolean): ResourceServer => ({
  scope,
  audience: resource,
  accessTokenTTL: 300,
  accessTokenFormat: opaque ? 'opaque' : 'jwt',
  jwt: { sign: { alg: 'RS256' } },
});

const configurationOf = (key: JWK): Configuration => ({
  jwks: { keys: [key] },
  clients: [
    client(robot.clientId, robot.clientSecret, ['client_credentials']),
    client(introspecting.clientId, introspecting.clientSecret, []),
    client('agent', 'agent-secret-9d2', []),
  ] as NonNullable<Configuration['clients']>,
  scopes: scope.split(' '),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      getResourceServerInfo: () => resourceServer(false),
      useGrantedResource: () => true,
    },
  },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  extraTokenClaims: (_, token) => extraOf.get(token) ?? {},
});

const client = (client_id: string, client_secret: string, grant_types: readonly string[]) => ({
  client_id,
  client_secret,
  grant_types,
  response_types: [],
  redirect_uris: [],
});

/** Groups and actor of a token that is being made; the provider asks for them by the token. */
const extraOf = new WeakMap<object, Record<string, unknown>>();

async function tokenOf(provider: Provider, what: TokenFor): Promise<string> {
  const client = await provider.Client.find(what.client ?? 'agent');
  if (client === undefined) throw new Error(`no client ${what.client}`);
  const accountId = what.person ?? client.clientId;
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addResourceScope(resource, scope);
  const token = new provider.AccessToken({
    accountId,
    client,
    grantId: await grant.save(),
    gty: 'authorization_code',
    scope: what.scope ?? scope,
  } as ConstructorParameters<Provider['AccessToken']>[0]);
  token.resourceServer = new provider.ResourceServer(resource, resourceServer(what.opaque === true));
  if (what.jkt !== undefined) token.setThumbprint('jkt', what.jkt);
  extraOf.set(token, {
    ...(what.groups === undefined ? {} : { groups: what.groups }),
    ...(what.act === undefined ? {} : { act: { sub: what.act } }),
  });
  return token.save();
}
