import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  initiateDeviceAuthorization,
  pollDeviceAuthorizationGrant,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { isSafeAddress } from '../config.ts';
import { awaitRedirect } from './loopback-redirect.ts';
import { cannot, type Flow } from './oauth-client.ts';

/** What the token endpoint answers, as far as it is used. */
export interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly expires_in?: number;
}

export interface SignInOptions {
  readonly client: Configuration;
  readonly flow: Flow;
  readonly resource: string;
  readonly scopes: readonly string[];
  /** Tells the person what to do, a line of text. */
  readonly prompt: (text: string) => void;
  /** Opens an address in the browser of this machine; that it did not is no fault: the address is told too. */
  readonly open: (url: URL) => void;
  readonly signal: AbortSignal;
}

/** Signs a person in for one resource (RFC 8707). @throws what the issuer or the person refuses */
export const signIn = (options: SignInOptions): Promise<Tokens> =>
  options.flow === 'device' ? withCode(options) : withBrowser(options);

/** `offline_access` asks for a refresh token where the issuer has it, for which OpenID Connect wants consent. */
function asked({ client, resource, scopes }: SignInOptions): Record<string, string> {
  const offline = client.serverMetadata().scopes_supported?.includes('offline_access') === true;
  const all = [...new Set([...scopes, ...(offline ? ['offline_access'] : [])])];
  return {
    resource,
    ...(all.length === 0 ? {} : { scope: all.join(' ') }),
    ...(offline ? { prompt: 'consent' } : {}),
  };
}

/** RFC 8628. */
async function withCode(options: SignInOptions): Promise<Tokens> {
  const { client, prompt, resource, signal } = options;
  const started = await initiateDeviceAuthorization(client, asked(options));
  const { verification_uri: where, user_code: code, verification_uri_complete: direct } = started;
  if (!isSafeAddress(where) || !/^[\x21-\x7e]{1,64}$/.test(code))
    throw cannot(client.serverMetadata().issuer, 'names an address that is not https');
  const shortcut = direct !== undefined && isSafeAddress(direct) ? ` (or open ${new URL(direct).href})` : '';
  prompt(`To sign in open ${new URL(where).href} and enter the code ${code}${shortcut}`);
  return pollDeviceAuthorizationGrant(client, started, { resource }, { signal });
}

/** RFC 8252 with PKCE: the answer comes to a port of this machine that is open for this login only. */
async function withBrowser(options: SignInOptions): Promise<Tokens> {
  const { client, prompt, open, resource, signal } = options;
  const pkceCodeVerifier = randomPKCECodeVerifier();
  const expectedState = randomState();
  const code_challenge = await calculatePKCECodeChallenge(pkceCodeVerifier);
  const answer = await awaitRedirect(expectedState, signal, (redirect_uri) => {
    const parameters = { ...asked(options), redirect_uri, state: expectedState, code_challenge };
    const url = buildAuthorizationUrl(client, { ...parameters, code_challenge_method: 'S256' });
    if (!isSafeAddress(url.href)) throw cannot(client.serverMetadata().issuer, 'names an address that is not https');
    prompt(`To sign in open ${url.href}`);
    open(url);
  });
  return authorizationCodeGrant(client, answer, { pkceCodeVerifier, expectedState }, { resource });
}
