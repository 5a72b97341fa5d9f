import {
  allowInsecureRequests,
  type Configuration,
  customFetch,
  type DiscoveryRequestOptions,
  discovery,
  dynamicClientRegistration,
  None,
} from 'openid-client';
import { CountersignError } from '../../domain/errors.ts';
import type { IssuerFetch } from '../fetch.ts';

/** How a person signs in: on any device with a code, or in the browser of this machine. */
export type Flow = 'device' | 'browser';

export interface ClientOptions {
  readonly issuer: string;
  /** As the issuer knows us; undefined: we introduce ourselves, where it lets us (RFC 7591). */
  readonly clientId: string | undefined;
  readonly flow: Flow;
  readonly fetch: IssuerFetch;
}

const publicClient = { token_endpoint_auth_method: 'none' };

/** Us as a public client of an issuer. @throws Unauthorized with what to do */
export async function oauthClient({ issuer, clientId, flow, fetch }: ClientOptions): Promise<Configuration> {
  const options = {
    [customFetch]: fetching(fetch),
    execute: issuer.startsWith('http:') ? [allowInsecureRequests] : [],
  };
  const known = await discovered(issuer, clientId ?? 'countersign', options);
  const { registration_endpoint, device_authorization_endpoint, authorization_endpoint } = known.serverMetadata();
  if (known.serverMetadata().issuer !== issuer) throw cannot(issuer, 'answers in the name of another issuer');
  if (flow === 'device' && device_authorization_endpoint === undefined)
    throw cannot(issuer, 'does not sign people in with a code', 'tell the user: add --browser');
  if (flow === 'browser' && authorization_endpoint === undefined)
    throw cannot(issuer, 'does not sign people in with a browser', 'tell the user: leave out --browser');
  if (clientId !== undefined) return known;
  if (registration_endpoint === undefined)
    throw cannot(
      issuer,
      'knows this program by no name and lets nobody register',
      'tell the user: register a public client there and give its id with --client-id',
    );
  return dynamicClientRegistration(new URL(issuer), registrationOf(flow), None(), options).catch(() => {
    throw cannot(
      issuer,
      'lets this program not register',
      'tell the user: give the id of a public client with --client-id',
    );
  });
}

const fetching =
  (fetch: IssuerFetch): NonNullable<DiscoveryRequestOptions[typeof customFetch]> =>
  (url, options) =>
    fetch(url, options);

/** OpenID Connect's document, or that of RFC 8414: MCP asks clients for both. */
async function discovered(issuer: string, clientId: string, options: DiscoveryRequestOptions): Promise<Configuration> {
  const at = (algorithm: 'oidc' | 'oauth2') =>
    discovery(new URL(issuer), clientId, publicClient, None(), { ...options, algorithm });
  return at('oidc')
    .catch(() => at('oauth2'))
    .catch(() => {
      throw cannot(issuer, 'cannot be asked how to sign in');
    });
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

const registrationOf = (flow: Flow) => ({
  client_name: 'Countersign connect',
  application_type: 'native',
  ...publicClient,
  ...(flow === 'device'
    ? { grant_types: [deviceGrant, 'refresh_token'], response_types: [], redirect_uris: [] }
    : {
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        // RFC 8252 §7.3: the port is that of the moment.
        redirect_uris: ['http://127.0.0.1/callback'],
      }),
});

export const cannot = (
  issuer: string,
  what: string,
  hint = 'try again in a minute, or tell the user',
): CountersignError => new CountersignError('Unauthorized', `The issuer ${issuer} ${what}`, { hint });

/** The error code of OAuth in what was thrown; its description, and all else, may hold what was sent. */
export function oauthError(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && 'error' in thrown ? thrown.error : undefined;
  return typeof code === 'string' && /^[a-z_]{1,64}$/.test(code) ? code : undefined;
}
