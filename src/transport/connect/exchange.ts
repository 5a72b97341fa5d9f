import type { IncomingMessage } from 'node:http';
import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import type { RequestId } from '../http/rpc.ts';
import { type Courier, refusal, refusalOf, type Sleep } from './courier.ts';
import { createEventParser } from './event-parser.ts';
import { Failure, lost } from './failure.ts';
import { textOf } from './http-client.ts';
import { accept, type Opened, type RemoteSession } from './session.ts';

/** One message of the client on its way. */
export interface Outgoing {
  /** The line as the client wrote it: it is sent as it came. */
  readonly text: string;
  readonly message: JsonObject | undefined;
  /** Of a request: its answer is waited for. Undefined: a notification, an answer, or a batch. */
  readonly id: RequestId | undefined;
  /** Headers of a revision without sessions; undefined: it speaks in the session. */
  readonly modern: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
}

export interface ExchangeOptions {
  readonly courier: Courier;
  readonly session: RemoteSession;
  readonly sleep: Sleep;
  /** What the server says, a message a call; resolves when the client can take more. */
  readonly emit: (json: string) => Promise<void>;
}

/** Milliseconds between attempts to come back to a stream that broke, from the last event on. */
const pauses = [0, 1_000, 2_000, 4_000, 8_000, 16_000];

/** Sends one message and hands on all that comes back, the answer last. @throws Failure where there is no answer */
export async function exchange(options: ExchangeOptions, outgoing: Outgoing): Promise<void> {
  const { session } = options;
  for (let again = false; ; again = true) {
    const opened = outgoing.modern === undefined ? session.opened : undefined;
    const answer = await post(options, outgoing);
    if (answer.statusCode === 404 && opened?.id !== undefined && !again) {
      // Refused before anything was done with it, so it may be sent once more.
      answer.resume();
      await session.reopen(opened);
      continue;
    }
    return takeAnswer(options, outgoing, answer, opened);
  }
}

const post = ({ courier, session }: ExchangeOptions, { text, message, modern, signal }: Outgoing) => {
  const said = message?.method === 'initialize' ? {} : session.headers();
  const headers = { 'content-type': 'application/json', accept, ...(modern ?? said) };
  return courier.send({ method: 'POST', headers, body: text, signal });
};

async function takeAnswer(
  options: ExchangeOptions,
  outgoing: Outgoing,
  answer: IncomingMessage,
  opened: Opened | undefined,
): Promise<void> {
  const type = answer.headers['content-type'] ?? '';
  if (answer.statusCode === 200 && type.startsWith('text/event-stream'))
    return followStream(options, outgoing, answer, opened);
  if (answer.statusCode === 202) {
    answer.resume();
    if (outgoing.id !== undefined && !outgoing.signal.aborted) throw lost();
    return;
  }
  if (!type.startsWith('application/json')) throw await refusal(answer);
  return takeWhole(options, outgoing, answer);
}

/** One JSON body. An error that is of this request goes on as it is; one that is of no request is a refusal of HTTP. */
async function takeWhole(options: ExchangeOptions, outgoing: Outgoing, answer: IncomingMessage): Promise<void> {
  const { id, message, text } = outgoing;
  const status = answer.statusCode ?? 0;
  const body = await textOf(answer);
  const parsed = parse(body);
  const own = isJsonObject(parsed) && id !== undefined && parsed.id === id;
  if (status !== 200 && !own) throw refusalOf(answer, parsed);
  if (!own && id !== undefined) throw new Failure('unavailable', 'The server answers something else', 'tell the user');
  if (message?.method === 'initialize' && isJsonObject(parsed) && parsed.result !== undefined)
    options.session.begin(text, answer, body);
  await options.emit(oneLine(body, parsed));
}

async function followStream(
  options: ExchangeOptions,
  outgoing: Outgoing,
  first: IncomingMessage,
  opened: Opened | undefined,
): Promise<void> {
  let answer: IncomingMessage | undefined = first;
  const state: StreamState = { last: undefined, retry: undefined, told: 0 };
  for (let failures = 0; ; failures++) {
    const before = state.told;
    if (answer !== undefined && (await readStream(options, outgoing, answer, state))) return;
    if (outgoing.signal.aborted || (outgoing.id === undefined && state.last === undefined)) return;
    if (state.told > before) failures = 0;
    const pause = failures === 0 ? (state.retry ?? 0) : pauses[failures];
    if (opened?.id === undefined || state.last === undefined || pause === undefined) throw lost();
    await options.sleep(pause, outgoing.signal);
    answer = await resume(options, outgoing, state.last);
  }
}

interface StreamState {
  /** The id of the event that came last. */
  last: string | undefined;
  retry: number | undefined;
  /** Events that came so far. */
  told: number;
}

/** True: the answer has come. False: the stream ended, or broke. */
async function readStream(
  options: ExchangeOptions,
  { id, signal, message: sent, text: line }: Outgoing,
  answer: IncomingMessage,
  state: StreamState,
): Promise<boolean> {
  const parser = createEventParser();
  answer.setEncoding('utf8');
  try {
    for await (const text of answer as AsyncIterable<string>) {
      for (const event of parser.push(text)) {
        state.last = event.id ?? state.last;
        state.told += 1;
        const message = event.data === '' ? undefined : parse(event.data);
        if (message === undefined) continue;
        const last = id !== undefined && answers(message, id);
        if (last && sent?.method === 'initialize') options.session.begin(line, answer, event.data);
        await options.emit(oneLine(event.data, message));
        if (last) return true;
      }
      state.retry = parser.retry ?? state.retry;
    }
  } catch {
    // It broke off; what was missed is asked for by the last event.
  }
  return signal.aborted;
}

/** Undefined: not reached this time. @throws Failure when the server does not know the stream any more */
async function resume(
  { courier, session }: ExchangeOptions,
  { signal }: Outgoing,
  last: string,
): Promise<IncomingMessage | undefined> {
  const headers = { accept: 'text/event-stream', ...session.headers(), 'last-event-id': last };
  try {
    const answer = await courier.send({ method: 'GET', headers, signal });
    if (answer.statusCode === 200) return answer;
    answer.resume();
    if ((answer.statusCode ?? 0) >= 500) return undefined;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.status === 'unauthorized') throw thrown;
    return undefined;
  }
  throw lost();
}

const answers = (message: unknown, id: RequestId): boolean =>
  isJsonObject(message) && message.method === undefined && message.id === id;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As it came, unless it would not be one line. */
const oneLine = (text: string, parsed: unknown): string => (/[\r\n]/.test(text) ? JSON.stringify(parsed) : text);
