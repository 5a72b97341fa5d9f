import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { BearerSource } from '../../domain/bearer.ts';
import type { Log } from '../../domain/environment.ts';
import { createLineReader } from '../lines.ts';
import { createCourier, type Sleep } from './courier.ts';
import { createHttpClient } from './http-client.ts';
import { Lanes } from './lanes.ts';
import { RemoteSession } from './session.ts';

export interface BridgeOptions {
  /** Checked by the caller: https, or http on this machine. */
  readonly url: URL;
  /** PEM of the authority that signed the server's certificate; undefined: those that Node trusts. */
  readonly ca: string | undefined;
  readonly bearer: BearerSource;
  readonly log: Log;
  readonly input: Readable;
  readonly output: Writable;
  readonly sleep: Sleep;
  /** Aborted when the program is asked to end. */
  readonly signal: AbortSignal;
}

/** Milliseconds: clients that end give their servers two seconds. */
const grace = { answers: 500, goodbye: 1_000 };
/** Milliseconds between looks for a new token while something waits: the server ends a wait whose token is over. */
const tokenEvery = 10_000;
/** Bytes of one message, as over stdio without a bridge: the server is the one who says no. */
const mostBytes = 16 * 1024 * 1024;

/**
 * A stdio client on a remote server over Streamable HTTP, message by message: what the client and the server write goes on as it
 * came, ids, errors and progress too. Resolves when the client has gone and the server knows it. Never throws for what either sends.
 */
export async function runBridge(options: BridgeOptions): Promise<void> {
  const { url, ca, bearer, log, input, output, sleep, signal } = options;
  const gone = new AbortController();
  const finished = new AbortController();
  const http = createHttpClient(url, ca);
  const courier = createCourier({ origin: url.origin, http, bearer, sleep });
  const emit = writer(output, finished.signal);
  const session = new RemoteSession({ courier, log, sleep, signal: finished.signal, heard: emit });
  const lanes = new Lanes({ courier, session, sleep, emit, log });

  input.on(
    'data',
    createLineReader(mostBytes, (line) => lanes.take(line)),
  );
  for (const event of ['end', 'close', 'error']) input.once(event, () => gone.abort());
  output.once('close', () => gone.abort()).on('error', () => gone.abort());
  const stop = AbortSignal.any([gone.signal, signal]);
  const beat = keepTokenFresh(stop);
  if (!stop.aborted) await once(stop, 'abort');

  input.removeAllListeners('data').pause();
  await Promise.race([lanes.settled(), sleep(grace.answers, finished.signal)]);
  await session.end(AbortSignal.timeout(grace.goodbye));
  await Promise.race([lanes.settled(), sleep(grace.answers, finished.signal)]);
  finished.abort();
  lanes.abandon();
  await beat;
  http.close();

  /** A call that waits for an hour needs more than one token, and nothing else would show the server the next one. */
  async function keepTokenFresh(until: AbortSignal): Promise<void> {
    for (let n = 0; !until.aborted; n++) {
      await sleep(tokenEvery, until);
      if (until.aborted || lanes.size === 0 || session.opened?.id === undefined) continue;
      if (await courier.hasNewToken().catch(() => false)) lanes.ping(`countersign-connect-${n}`);
    }
  }
}

/** A line a message. While the client does not read, nothing more is read for it. */
function writer(output: Writable, over: AbortSignal): (json: string) => Promise<void> {
  return async (json) => {
    if (output.destroyed || output.writableEnded || over.aborted) return;
    if (!output.write(`${json}\n`)) await once(output, 'drain', { signal: over }).catch(() => undefined);
  };
}
