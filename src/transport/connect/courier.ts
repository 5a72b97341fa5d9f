import type { IncomingMessage } from 'node:http';
import type { BearerSource, TokenChallenge } from '../../domain/bearer.ts';
import { isJsonObject } from '../../domain/json.ts';
import { type Failure, refusedWith, unreachable, untrusted } from './failure.ts';
import { type HttpClient, type HttpRequest, neverSent, notTrusted, textOf } from './http-client.ts';

/** Resolves after so many milliseconds, or at once when the signal is aborted. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export interface CourierOptions {
  readonly origin: string;
  readonly http: HttpClient;
  readonly bearer: BearerSource;
  readonly sleep: Sleep;
}

/** Takes requests to the server, each with the token of the moment. */
export interface Courier {
  /** The answer, whatever its status but 401. @throws Failure when there is none, or no token that the server takes */
  send(request: HttpRequest): Promise<IncomingMessage>;
  /** Whether there is another token than the one that was sent last: a server that waits wants to see it. */
  hasNewToken(): Promise<boolean>;
}

/** A server that is being restarted is back after some seconds; milliseconds between the attempts. */
const attempts = [250, 500, 1_000, 2_000, 4_000];
/** Times that a refused token is replaced for one request. */
const mostTokens = 2;

export function createCourier({ origin, http, bearer, sleep }: CourierOptions): Courier {
  let lastSent: string | undefined;

  const reach = async (request: HttpRequest): Promise<IncomingMessage> => {
    for (const wait of [...attempts, undefined]) {
      try {
        return await http.send(request);
      } catch (thrown) {
        if (notTrusted(thrown)) throw untrusted(origin, codeOf(thrown));
        // What may have arrived is not sent twice.
        if (!neverSent(thrown)) throw thrown;
        if (wait === undefined || request.signal.aborted) throw unreachable(origin, codeOf(thrown));
        await sleep(wait, request.signal);
      }
    }
    throw unreachable(origin, 'no answer');
  };

  return {
    send: async (request) => {
      for (let tokens = 0; ; tokens++) {
        const token = await bearer.current();
        lastSent = token;
        const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
        const answer = await reach({ ...request, headers: { ...request.headers, ...authorization } });
        if (answer.statusCode !== 401) return answer;
        if (tokens === mostTokens) throw await refusal(answer);
        const challenge = challengeOf(answer);
        answer.resume();
        await bearer.replace(token, challenge);
      }
    },
    hasNewToken: async () => lastSent !== undefined && (await bearer.current()) !== lastSent,
  };
}

/** An answer with this status as a failure. */
export async function refusal(answer: IncomingMessage): Promise<Failure> {
  return refusalOf(answer, parse(await textOf(answer).catch(() => '')));
}

/** The same of a body that was read. What it says is told if it is JSON-RPC: of anything else nobody could tell who wrote it. */
export function refusalOf({ statusCode = 0, headers: { location } }: IncomingMessage, body: unknown): Failure {
  const to = location !== undefined && URL.canParse(location) ? new URL(location).origin : undefined;
  const error = isJsonObject(body) ? body.error : undefined;
  const told = isJsonObject(error) && typeof error.message === 'string' ? printable(error.message) : undefined;
  return refusedWith(statusCode, told, to);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 500);

function challengeOf({ headers }: IncomingMessage): TokenChallenge {
  const text = headers['www-authenticate'] ?? '';
  const value = (name: string): string | undefined => {
    const found = new RegExp(`(?:^|[\\s,])${name}="([^"]{1,2000})"`).exec(text)?.[1];
    return found === undefined ? undefined : printable(found);
  };
  return {
    error: value('error'),
    description: value('error_description'),
    resourceMetadata: value('resource_metadata'),
  };
}

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : 'no connection';
