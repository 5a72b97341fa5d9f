import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  type Configuration,
  customFetch,
  discovery,
  tokenIntrospection,
} from 'openid-client';
import type { Clock, Log } from '../domain/environment.ts';
import { isJsonObject, type Json, type JsonObject, listAt } from '../domain/json.ts';
import type { IssuerConfig } from './config.ts';
import { createIssuerFetch, type IssuerFetch } from './fetch.ts';
import { createKeys, fetchKeys, type KeyFinder } from './keys.ts';
import { cannotTell } from './refuse.ts';

/** One issuer of the configuration and the way to it. */
export interface Issuer {
  readonly config: IssuerConfig;
  readonly key: KeyFinder;
  /** What the issuer says of a token that is no JWT. @throws Challenge 503 */
  introspect(token: string): Promise<JsonObject>;
  /** Reads its keys now, for `doctor`. @throws Error in our own words or the system's */
  published(): Promise<readonly JsonObject[]>;
}

/** Milliseconds after which the discovery document is read again. */
const rediscoverAfter = 3_600_000;

export function createIssuer(config: IssuerConfig, clock: Clock, log: Log): Issuer {
  const origins = [config.issuer, ...(config.jwksUri === undefined ? [] : [config.jwksUri])];
  const fetch = createIssuerFetch({
    ca: config.ca,
    tokenFile: config.tokenFile,
    origins: new Set(origins.map((each) => new URL(each).origin)),
  });
  const discovered = createDiscovery(config, fetch, clock);
  const keysAt = async (): Promise<string> => {
    if (config.jwksUri !== undefined) return config.jwksUri;
    const { jwks_uri } = (await discovered()).serverMetadata();
    if (jwks_uri === undefined) throw new Error('the discovery document names no jwks_uri');
    return jwks_uri;
  };
  return {
    config,
    key: createKeys({ name: config.issuer, keysAt, fetch, clock, log }),
    published: async () => {
      const set = await fetchKeys(await keysAt(), fetch);
      createLocalJWKSet(set as JSONWebKeySet);
      return listAt(set as Json, 'keys').filter(isJsonObject);
    },
    introspect: async (token) => {
      try {
        // As JSON again: what came is data, not an object of the library.
        return JSON.parse(JSON.stringify(await tokenIntrospection(await discovered(), token))) as JsonObject;
      } catch (thrown) {
        // Of the error only its name: its cause holds what was sent.
        log.warn('an issuer could not be asked about a token', { issuer: config.issuer, error: nameOf(thrown) });
        throw cannotTell('the issuer cannot be asked about this token now');
      }
    },
  };
}

const nameOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : 'unknown');

/** Reads the discovery document when it is first needed and each hour; one request in flight. @throws Error */
function createDiscovery(config: IssuerConfig, fetch: IssuerFetch, clock: Clock): () => Promise<Configuration> {
  let known: { readonly configuration: Configuration; readonly at: number } | undefined;
  let reading: Promise<Configuration> | undefined;
  const read = async (): Promise<Configuration> => {
    const { clientId = 'countersign', clientSecret } = config.introspection ?? {};
    const configuration = await discovery(
      new URL(config.issuer),
      clientId,
      undefined,
      clientSecret === undefined ? undefined : ClientSecretBasic(clientSecret),
      {
        [customFetch]: (url, options) => fetch(url, options),
        // The fetch takes http for this machine only.
        ...(config.issuer.startsWith('http:') ? { execute: [allowInsecureRequests] } : {}),
      },
    );
    // The library lets some vendors answer with another issuer.
    if (configuration.serverMetadata().issuer !== config.issuer)
      throw new Error('the discovery document is of another issuer');
    known = { configuration, at: clock.now() };
    return configuration;
  };
  return () => {
    if (known !== undefined && Math.abs(clock.now() - known.at) < rediscoverAfter)
      return Promise.resolve(known.configuration);
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}
