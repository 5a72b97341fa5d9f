import type { WebClient, WebClientOptions } from '@slack/web-api';
import { CountersignError } from '../../domain/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts';

/** Milliseconds for one request. */
const requestTimeout = 10_000;
/** Milliseconds before a read that failed is sent once more. */
const secondTry = 500;
/** The longest Retry-After, in milliseconds, that a read waits for; anything longer is the caller's to plan. */
const patience = 5_000;

export interface TransportOptions {
  readonly token: string;
  /** Ends with `/`. */
  readonly apiUrl: string;
  readonly pause: (milliseconds: number) => Promise<void>;
}

export interface Transport {
  /** Sent once more if it fails in a way that may pass. @throws Unavailable */
  read(method: string, args: JsonObject): Promise<JsonObject>;
  /** Sent once: where the answer is lost nobody knows whether it was done, and `perhapsDone` tells so. @throws Unavailable */
  write(method: string, args: JsonObject): Promise<JsonObject>;
  upload(file: Upload): Promise<void>;
}

interface Upload {
  readonly channel: string;
  readonly thread: string;
  readonly name: string;
  readonly content: string;
  readonly comment: string;
}

/** What a failure of Slack is, beside the words for people. */
export interface SlackFailure {
  /** Slack's own name for it (`channel_not_found`), where it answered. */
  readonly error: string | undefined;
  /** Milliseconds that Slack asks to wait. */
  readonly retryAfter: number | undefined;
  /** The request may have been carried out all the same. */
  readonly perhapsDone: boolean;
}

export function failureOf(thrown: unknown): SlackFailure {
  const data = thrown instanceof CountersignError ? thrown.data : {};
  return {
    error: typeof data.slackError === 'string' ? data.slackError : undefined,
    retryAfter: typeof data.retryAfter === 'number' ? data.retryAfter : undefined,
    perhapsDone: data.perhapsDone === true,
  };
}

/** Slack's own client, bound in time and retries; loaded with the first request. */
export function createTransport(options: TransportOptions): Transport {
  let client: Promise<WebClient> | undefined;
  const send = async (method: string, args: JsonObject): Promise<JsonObject> => {
    client ??= open(options);
    const opened = await client;
    return told(method, async () => asObject(await opened.apiCall(method, { ...args })));
  };
  return {
    read: async (method, args) => {
      try {
        return await send(method, args);
      } catch (thrown) {
        const { error, retryAfter = secondTry } = failureOf(thrown);
        const final = error !== undefined && error !== 'ratelimited';
        if (final || retryAfter > patience) throw thrown;
        await options.pause(retryAfter);
        return send(method, args);
      }
    },
    write: send,
    upload: async (file) => {
      client ??= open(options);
      const opened = await client;
      const { channel, thread, name, content, comment } = file;
      await told('files.uploadV2', async () => {
        await opened.filesUploadV2({
          channel_id: channel,
          thread_ts: thread,
          filename: name,
          content,
          initial_comment: comment,
          snippet_type: 'text',
        });
        return {};
      });
    },
  };
}

async function open({ token, apiUrl }: TransportOptions): Promise<WebClient> {
  const { WebClient: Client, LogLevel } = await import('./web-client.ts');
  return new Client(token, {
    slackApiUrl: apiUrl,
    timeout: requestTimeout,
    // What may be sent again, and when, is decided here: its own retries would post a message twice.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    maxRequestConcurrency: 8,
    fetch: onlyTo(new URL(apiUrl)),
    // It would log to stdout, which is the MCP wire.
    logger: { ...noLog, getLevel: () => LogLevel.ERROR },
  });
}

const nothing = (): void => undefined;
const noLog = { debug: nothing, info: nothing, warn: nothing, error: nothing, setLevel: nothing, setName: nothing };

class WrongHost extends Error {}

/** The token goes to the Web API and nowhere else; a file goes to where Slack says, if that is Slack's own. */
function onlyTo(api: URL): NonNullable<WebClientOptions['fetch']> {
  return async (target, init) => {
    const url = new URL(target);
    const isApi = url.origin === api.origin && url.pathname.startsWith(api.pathname);
    const isOurs = url.host === api.host || url.hostname.endsWith(`.${api.hostname}`);
    if (!isOurs || url.protocol !== api.protocol) throw new WrongHost(`will not send to ${url.hostname}`);
    const { Authorization, ...others } = { Authorization: undefined, ...init?.headers };
    const headers = isApi && Authorization !== undefined ? { ...others, Authorization } : others;
    return fetch(url, { ...init, headers, redirect: 'error' });
  };
}

async function told(method: string, run: () => Promise<JsonObject>): Promise<JsonObject> {
  try {
    return await run();
  } catch (thrown) {
    throw unavailable(method, thrown);
  }
}

/** Names the method and Slack's word for the fault; never the arguments, in which there are plans and tokens. */
function unavailable(method: string, thrown: unknown): CountersignError {
  const { error, status, retryAfter, cause } = partsOf(thrown);
  const because = error ?? (status === undefined ? cause : `HTTP ${status}`);
  const failed = (message: string, data: JsonObject): CountersignError =>
    new CountersignError('Unavailable', message, {
      data,
      hint: error === undefined ? 'try again in a moment' : 'tell the operator: countersign doctor looks at Slack',
    });
  if (retryAfter !== undefined)
    return failed(`Slack asks to wait before ${method}`, { slackError: 'ratelimited', retryAfter: retryAfter * 1_000 });
  if (error !== undefined) return failed(`Slack refused ${method}: ${because}`, { slackError: error });
  return failed(`Slack cannot be reached: ${method}, ${because}`, { perhapsDone: !isNotSent(cause) });
}

interface Parts {
  readonly error: string | undefined;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly cause: string;
}

/** The members of the client's error classes, which are not loaded here. */
function partsOf(thrown: unknown): Parts {
  const error: { readonly [key: string]: unknown } = typeof thrown === 'object' && thrown !== null ? { ...thrown } : {};
  const data = typeof error.data === 'object' && error.data !== null ? { ...error.data } : {};
  return {
    error: 'error' in data && typeof data.error === 'string' ? data.error.slice(0, 100) : undefined,
    status: typeof error.statusCode === 'number' ? error.statusCode : undefined,
    retryAfter: typeof error.retryAfter === 'number' ? error.retryAfter : undefined,
    cause: networkCause(error.original ?? thrown),
  };
}

/**
 * `fetch failed` says nothing; what it was is in its cause. Codes and names only: the words of a foreign error may quote what was
 * sent, a header with the token too.
 */
function networkCause(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'no answer';
  if (thrown instanceof WrongHost) return thrown.message;
  const inner = thrown.cause;
  const code = codeOf(inner) ?? codeOf(thrown);
  if (code !== undefined) return code;
  const { name } = inner instanceof Error ? inner : thrown;
  if (name === 'TimeoutError' || thrown.name === 'TimeoutError') return 'no answer in time';
  return knownNames.has(name) ? `no answer (${name})` : 'no answer';
}

const knownNames = new Set(['AbortError', 'RangeError', 'SocketError', 'SyntaxError', 'TypeError']);

/** `ECONNREFUSED`, `UND_ERR_SOCKET`: https://nodejs.org/api/errors.html#nodejs-error-codes */
const codeOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error &&
  'code' in thrown &&
  typeof thrown.code === 'string' &&
  /^(?:E[A-Z0-9]{2,20}|EAI_[A-Z]{2,20}|(?:UND_)?ERR_[A-Z_]{2,60}|[A-Z_]*CERT[A-Z_]*)$/.test(thrown.code)
    ? thrown.code
    : undefined;

/** Nothing was sent when there was never a connection. */
const isNotSent = (cause: string): boolean =>
  ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].includes(
    cause,
  ) || cause.startsWith('will not send');

const asObject = (value: unknown): JsonObject => {
  const json: Json = JSON.parse(JSON.stringify(value));
  return isJsonObject(json) ? json : {};
};
