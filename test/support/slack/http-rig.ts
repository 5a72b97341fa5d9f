import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSlackHttp, type SlackHttp, type SlackResponse } from '../../../src/approval/slack/http.ts';
import { createVerifier } from '../../../src/approval/slack/signature.ts';
import type { State } from '../../../src/domain/state.ts';
import { openState } from '../../../src/state/state.ts';
import { realRandom, silent, type TestClock, testClock } from '../approvals.ts';
import { signSlack } from './payloads.ts';

interface Request {
  readonly timestamp?: string;
  readonly signature?: string;
  readonly body?: string;
}

/** The handler of signed requests alone, with a state directory. */
export interface HttpRig {
  readonly root: string;
  readonly clock: TestClock;
  readonly received: { readonly type: string; readonly payload: unknown }[];
  readonly handle: SlackHttp;
  /** A good request to `path`; each part can be replaced by another. */
  send(path: string, body: string, instead?: Request): Promise<SlackResponse>;
  /** The same directory under another process. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

const signingSecret = 'shh';

export async function createHttpRig(): Promise<HttpRig> {
  const root = await mkdtemp(join(tmpdir(), 'cs-http-'));
  const clock = testClock();
  const received: { type: string; payload: unknown }[] = [];
  let state: State;
  let handle: SlackHttp;
  const open = async (): Promise<void> => {
    state = await openState({ root, clock, random: realRandom, log: silent });
    const verify = createVerifier({ signingSecret, clock, state });
    const receive = async (type: string, payload: unknown): Promise<void> => void received.push({ type, payload });
    handle = createSlackHttp({ verify, receive, log: silent });
  };
  await open();
  return {
    root,
    clock,
    received,
    handle: (...request) => handle(...request),
    send: (path, body, instead = {}) => {
      const timestamp = instead.timestamp ?? String(Math.floor(clock.now() / 1_000));
      const signature = instead.signature ?? signSlack(signingSecret, timestamp, body);
      const headers = { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature };
      return handle('POST', path, headers, instead.body ?? body);
    },
    restart: async () => {
      await state.close();
      await open();
    },
    end: async () => {
      await state.close();
      await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}
