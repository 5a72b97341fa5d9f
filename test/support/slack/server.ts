import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { directChannel } from './methods.ts';
import { signSlack } from './payloads.ts';
import { type ActingPeople, actingPeople } from './people.ts';
import { createSockets, type Delivery, type Sockets } from './sockets.ts';
import { type Call, WebApi } from './web-api.ts';
import {
  createWorld,
  type FakeFile,
  type FakeMessage,
  type OpenedView,
  type Whisper,
  type World,
  type WorldOptions,
} from './world.ts';

export interface FakeSlackOptions extends WorldOptions {
  /** Of the bot's token. */
  readonly scopes?: readonly string[];
  /** Real milliseconds in which the app has to acknowledge; Slack's are 3,000. */
  readonly ackWithin?: number;
}

/** Everything the app needs. https://docs.slack.dev/reference/scopes */
export const allScopes: readonly string[] = [
  'channels:history',
  'channels:read',
  'chat:write',
  'files:write',
  'groups:history',
  'groups:read',
  'im:write',
  'usergroups:read',
  'users:read',
  'users:read.email',
];

export interface FakeSlack extends ActingPeople {
  /** `http://127.0.0.1:<port>/api/`, in place of `https://slack.com/api/`. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  readonly world: World;
  readonly team: string;
  readonly channel: string;
  readonly botUser: string;
  readonly sockets: Sockets;
  /** Every call that reached a method, refused ones too. */
  readonly calls: readonly Call[];
  messages(): readonly FakeMessage[];
  /** The app's own messages in the channel that are no replies: one an approval. */
  cards(): readonly FakeMessage[];
  replies(thread: string): readonly FakeMessage[];
  whispers(user?: string): readonly Whisper[];
  /** Those whose upload was completed. */
  files(): readonly FakeFile[];
  views(): readonly OpenedView[];
  directMessages(user: string): readonly FakeMessage[];
  /** Connections are cut and none is taken, until `up`. */
  down(): void;
  up(): void;
  /** The next `n` calls answer 429; with `method` only that one's. */
  rateLimit(n: number, retryAfterSeconds: number, method?: string): void;
  /** The next `n` calls are done, and their answers never arrive. */
  dropAnswers(n: number, method?: string): void;
  /** The next `n` calls answer `ok: false`. */
  refuse(n: number, error: string, method?: string): void;
  /** Real milliseconds before each answer, or before those of one method. */
  delay(milliseconds: number, method?: string): void;
  /** Signed HTTP instead of Socket Mode from now on. */
  sendTo(urls: RequestUrls): void;
  close(): Promise<void>;
}

interface RequestUrls {
  readonly interactivity: string;
  readonly events: string;
}

const tokens = { bot: 'xoxb-fake-bot-token', app: 'xapp-fake-app-token' };
const signingSecret = 'fake-signing-secret';

/** A loopback server that speaks what an approval app uses of Slack's Web API and Socket Mode, as strictly as Slack. */
export async function startFakeSlack(options: FakeSlackOptions = {}): Promise<FakeSlack> {
  const world = createWorld(options);
  const ackWithin = options.ackWithin ?? 3_000;
  const sockets = createSockets(world, ackWithin);
  const api = new WebApi(world, options.scopes ?? allScopes, tokens);
  const power = { on: true };
  const server = await listen(api, sockets, power);
  let urls: RequestUrls | undefined;
  const send = (type: 'interactive' | 'events_api', payload: object): Promise<Delivery> =>
    urls === undefined ? sockets.deliver(type, payload) : overHttp(world, urls, type, payload, ackWithin);
  return {
    ...actingPeople(world, send),
    ...looks(world),
    apiUrl: `${originOf(server)}/api/`,
    botToken: tokens.bot,
    appToken: tokens.app,
    signingSecret,
    world,
    team: world.team,
    channel: world.channel,
    botUser: world.botUser,
    sockets,
    calls: api.calls,
    down: () => {
      power.on = false;
      sockets.cut();
      server.closeAllConnections();
    },
    up: () => {
      power.on = true;
    },
    rateLimit: (n, retryAfter, method) => api.trouble(n, method, { kind: 'limit', retryAfter }),
    dropAnswers: (n, method) => api.trouble(n, method, { kind: 'drop' }),
    refuse: (n, error, method) => api.trouble(n, method, { kind: 'refuse', error }),
    delay: (milliseconds, method) => api.delays.set(method, milliseconds),
    sendTo: (given) => {
      urls = given;
    },
    close: async () => {
      sockets.cut();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function listen(api: WebApi, sockets: Sockets, power: { readonly on: boolean }): Promise<Server> {
  const server = createServer((request, response) => {
    if (!power.on) {
      request.socket.destroy();
      return;
    }
    const [path = ''] = (request.url ?? '').split('?');
    const upload = /^\/upload\/v1\/(\w+)$/.exec(path)?.[1];
    const work =
      upload === undefined
        ? api.answer(path.replace(/^\/api\//, ''), originOf(server), request, response)
        : api.takeFile(upload, request, response);
    work.catch((thrown: unknown) => {
      response.writeHead(500);
      response.end(String(thrown));
    });
  });
  server.on('upgrade', (request, socket, head) =>
    power.on ? sockets.upgrade(request, socket, head) : socket.destroy(),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function looks(
  world: World,
): Pick<FakeSlack, 'messages' | 'cards' | 'replies' | 'whispers' | 'files' | 'views' | 'directMessages'> {
  const ofChannel = (): FakeMessage[] => world.messages.filter((each) => each.channel === world.channel);
  return {
    messages: () => world.messages,
    cards: () => ofChannel().filter((each) => each.bot_id === world.botId && each.thread_ts === undefined),
    replies: (thread) => ofChannel().filter((each) => each.thread_ts === thread && each.ts !== thread),
    whispers: (user) => world.whispers.filter((each) => user === undefined || each.user === user),
    files: () => [...world.files.values()].filter((file) => file.channel !== undefined),
    views: () => world.views,
    directMessages: (user) => world.messages.filter((each) => each.channel === directChannel(user)),
  };
}

/** A signed request, as Slack sends it; not sent again. https://docs.slack.dev/interactivity/handling-user-interaction */
async function overHttp(
  world: World,
  urls: RequestUrls,
  type: 'interactive' | 'events_api',
  payload: object,
  ackWithin: number,
): Promise<Delivery> {
  const json = JSON.stringify(payload);
  const [url, body, contentType] =
    type === 'interactive'
      ? [urls.interactivity, `payload=${encodeURIComponent(json)}`, 'application/x-www-form-urlencoded']
      : [urls.events, json, 'application/json'];
  const timestamp = String(Math.floor(world.clock.now() / 1_000));
  const headers = {
    'content-type': contentType,
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': signSlack(signingSecret, timestamp, body),
  };
  const signal = AbortSignal.timeout(ackWithin);
  const response = await fetch(url, { method: 'POST', body, headers, signal }).catch(() => undefined);
  const text = (await response?.text()) ?? '';
  return { acked: response?.status === 200, answer: text === '' ? undefined : JSON.parse(text) };
}
