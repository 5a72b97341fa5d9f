import { z } from 'zod';
import type { TokenChallenge } from '../../domain/bearer.ts';
import { CountersignError } from '../../domain/errors.ts';
import { isSafeAddress } from '../config.ts';
import type { IssuerFetch } from '../fetch.ts';

/** What a server says of itself (RFC 9728): who gives tokens for it, and by which name. */
export interface ProtectedResource {
  readonly resource: string;
  readonly issuers: readonly string[];
  readonly scopes: readonly string[];
}

const schema = z.looseObject({
  resource: z.string().max(2_000).refine(isSafeAddress),
  authorization_servers: z.array(z.string().max(2_000).refine(isSafeAddress)).max(16).default([]),
  scopes_supported: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/))
    .max(100)
    .default([]),
});

const unusable = (message: string, hint: string): CountersignError =>
  new CountersignError('Unauthorized', message, { hint });

/** @throws Unauthorized, with what to do, when the server does not say, or says that it is another one */
export async function findResource(
  url: URL,
  challenge: TokenChallenge,
  fetch: IssuerFetch,
): Promise<ProtectedResource> {
  const described = schema.safeParse(await metadataAt(addressOf(url, challenge), fetch));
  if (!described.success)
    throw unusable(
      'The server asks for a token and does not say who gives one',
      'tell the user: give `countersign connect` a token with --token-file, or have the operator set identity.resource',
    );
  const { resource, authorization_servers: issuers, scopes_supported: scopes } = described.data;
  // RFC 9728 §3.3: else one server could have tokens made that are good at another.
  if (!covers(new URL(resource), url))
    throw unusable(
      `The server at ${url.origin} says that it is ${new URL(resource).origin}${new URL(resource).pathname}; no token is asked for`,
      'tell the user: connect to the address that the server goes by, or have the operator correct identity.resource or http.publicUrl',
    );
  return { resource, issuers, scopes };
}

const covers = (resource: URL, url: URL): boolean =>
  resource.origin === url.origin &&
  (resource.pathname === url.pathname || url.pathname.startsWith(`${resource.pathname.replace(/\/$/, '')}/`));

/** Where the refusal says, if that is at the same server; else the well-known place. */
function addressOf(url: URL, { resourceMetadata: said }: TokenChallenge): string {
  if (said !== undefined && URL.canParse(said) && new URL(said).origin === url.origin) return said;
  return `${url.origin}/.well-known/oauth-protected-resource${url.pathname}`;
}

async function metadataAt(address: string, fetch: IssuerFetch): Promise<unknown> {
  try {
    const answer = await fetch(address, { headers: { accept: 'application/json' } });
    return answer.status === 200 ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}
