import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type Configuration, errors } from 'oidc-provider';

const scope = 'countersign:read countersign:write countersign:exec';

/** A real identity provider at which people sign in, by code or by browser; it gives tokens for one resource only. */
export interface PeopleOidc {
  readonly issuer: string;
  /** The person enters the code of a device. */
  enter(userCode: string, person: string): Promise<void>;
  /** What the browser of a person does with an address: follows it, with cookies, to the end. */
  browse(url: URL, person: string): Promise<void>;
  /** Requests to the token endpoint so far, by grant type. */
  readonly grants: Map<string, number>;
  close(): Promise<void>;
}

export interface PeopleOidcOptions {
  readonly resource: string;
  /** Seconds that a token lives; default 300. */
  readonly tokenSeconds?: () => number;
}

export async function startPeopleOidc(options: PeopleOidcOptions): Promise<PeopleOidc> {
  let handle: RequestListener = () => undefined;
  const server = createServer((request, response) => handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  const provider = new Provider(issuer, configurationOf(options, key));
  const grants = new Map<string, number>();
  provider.on('grant.success', ({ oidc }) => count(grants, oidc.params?.grant_type));
  const signIn = signingIn(provider, options.resource);
  const provided = provider.callback();
  handle = (request, response) => {
    const person = /^\/login\/([\w-]+)$/.exec(request.url ?? '')?.[1];
    if (person === undefined) void provided(request, response);
    else signIn(request, response).catch((thrown: unknown) => response.writeHead(500).end(String(thrown)));
  };
  return {
    ...{ issuer, grants },
    enter: (userCode, person) => enterCode(provider, options.resource, userCode, person),
    browse: (url, person) => follow(url, new Map([['person', person]])),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function count(grants: Map<string, number>, type: unknown): void {
  grants.set(String(type), (grants.get(String(type)) ?? 0) + 1);
}

const configurationOf = ({ resource, tokenSeconds }: PeopleOidcOptions, key: object): Configuration => ({
  jwks: { keys: [key] } as NonNullable<Configuration['jwks']>,
  clients: [
    {
      client_id: 'known',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      redirect_uris: ['http://127.0.0.1/callback'],
    },
  ],
  cookies: { keys: ['a key of the test'] },
  interactions: { url: (_, { uid }) => `/login/${uid}` },
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    registration: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, asked) => {
        if (asked !== resource) throw new errors.InvalidTarget();
        return { scope, audience: resource, accessTokenTTL: tokenSeconds?.() ?? 300, accessTokenFormat: 'jwt' };
      },
      useGrantedResource: () => false,
    },
  },
  pkce: { required: () => true },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
});

/** The login page of this provider: nobody types a password in a test, the browser says who it is. */
const signingIn =
  (provider: Provider, resource: string) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { params, prompt } = await provider.interactionDetails(request, response);
    const accountId = /(?:^|; )person=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? 'nobody';
    const answer =
      prompt.name === 'login'
        ? { login: { accountId } }
        : { consent: { grantId: await granted(provider, resource, accountId, String(params.client_id)) } };
    await provider.interactionFinished(request, response, answer, { mergeWithLastSubmission: true });
  };

async function granted(provider: Provider, resource: string, accountId: string, clientId: string): Promise<string> {
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(`openid offline_access ${scope}`);
  grant.addResourceScope(resource, scope);
  return grant.save();
}

async function enterCode(provider: Provider, resource: string, userCode: string, accountId: string): Promise<void> {
  const code = await provider.DeviceCode.findByUserCode(userCode.replace(/[^A-Z0-9]/gi, ''));
  if (code === undefined || code.clientId === undefined) throw new Error(`nobody has asked with the code ${userCode}`);
  const grantId = await granted(provider, resource, accountId, code.clientId);
  const asked = String(code.params?.scope ?? '');
  Object.assign(code, { accountId, grantId, scope: asked, resource, authTime: Math.floor(Date.now() / 1000) });
  await code.save();
}

async function follow(url: URL, cookies: Map<string, string>, hops = 20): Promise<void> {
  if (hops === 0) throw new Error(`the login goes round in circles at ${url.pathname}`);
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
  const text = await answer.text();
  for (const set of answer.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
    cookies.set(name, value);
  }
  const to = answer.headers.get('location');
  if (to !== null) return follow(new URL(to, url), cookies, hops - 1);
  if (!answer.ok) throw new Error(`the login ended with ${answer.status} at ${url.pathname}: ${text.slice(0, 200)}`);
}
