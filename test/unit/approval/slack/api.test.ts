import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSlackApi } from '../../../../src/approval/slack/api.ts';
import type { SlackApi } from '../../../../src/approval/slack/ports.ts';
import { failureOf } from '../../../../src/approval/slack/transport.ts';
import { type FakeSlack, startFakeSlack } from '../../../support/slack/server.ts';

let slack: FakeSlack;
let api: SlackApi;
const paused: number[] = [];
beforeEach(async () => {
  slack = await startFakeSlack();
  paused.length = 0;
  const pause = async (milliseconds: number) => void paused.push(milliseconds);
  api = createSlackApi({ botToken: slack.botToken, appToken: slack.appToken, apiUrl: slack.apiUrl, pause });
});
afterEach(() => slack.close());

const post = () => api.post({ channel: slack.channel, text: 'plan with a secret', approval: 'cs-7f3k2m' });
const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

describe('the Web API, within bounds', () => {
  it('sends a read once more, and a write never', async () => {
    slack.dropAnswers(1, 'conversations.history');
    await expect(api.own(slack.channel, '1')).resolves.toEqual([]);
    slack.dropAnswers(1, 'chat.postMessage');
    const thrown = await thrownBy(post());
    expect(failureOf(thrown)).toMatchObject({ perhapsDone: true, error: undefined });
    expect(slack.cards()).toHaveLength(1);
  });

  it('waits for what Slack asks with a read, within reason, and leaves a write to be planned', async () => {
    slack.rateLimit(1, 2, 'conversations.history');
    await api.own(slack.channel, '1');
    expect(paused).toEqual([2_000]);
    slack.rateLimit(1, 60, 'conversations.history');
    expect(failureOf(await thrownBy(api.own(slack.channel, '1')))).toMatchObject({ retryAfter: 60_000 });
    slack.rateLimit(1, 2, 'chat.postMessage');
    expect(failureOf(await thrownBy(post()))).toMatchObject({ retryAfter: 2_000, perhapsDone: false });
    expect(paused).toEqual([2_000]);
  });

  it('knows that nothing was sent where nobody listens', async () => {
    await slack.close();
    const thrown = await thrownBy(post());
    expect(failureOf(thrown).perhapsDone).toBe(false);
    expect(String(thrown)).toContain('Slack cannot be reached: chat.postMessage, ECONNREFUSED');
    slack = await startFakeSlack();
  });

  it('names the method and Slack’s word for the fault, never a token or what was sent', async () => {
    slack.refuse(1, 'invalid_auth', 'chat.postMessage');
    const thrown = await thrownBy(post());
    expect(String(thrown)).toContain('Slack refused chat.postMessage: invalid_auth');
    expect(JSON.stringify(thrown) + String(thrown)).not.toMatch(/xoxb|secret/);
  });

  it('reads every page of a thread, oldest first, without the parent', async () => {
    const { ts } = await post();
    for (let n = 0; n < 450; n++) slack.reply('U0ANA00001', ts, `talk ${n}`);
    const replies = await api.replies(slack.channel, ts);
    expect(replies.map(({ text }) => text)).toEqual(Array.from({ length: 450 }, (_, n) => `talk ${n}`));
    const half = replies[224]?.ts ?? '';
    expect(await api.replies(slack.channel, ts, half)).toHaveLength(225);
  });

  it('knows its own messages by what they carry', async () => {
    const { ts } = await post();
    await api.post({ channel: slack.channel, thread: ts, text: 'reminder', approval: 'cs-7f3k2m', step: 'remind' });
    expect((await api.own(slack.channel, '1')).map(({ approval }) => approval)).toEqual(['cs-7f3k2m']);
    expect((await api.replies(slack.channel, ts)).map(({ mark }) => mark)).toEqual([
      { approval: 'cs-7f3k2m', step: 'remind' },
    ]);
  });
});

describe('the token', () => {
  let server: Server;
  const seen: { readonly path: string; readonly authorization: string | undefined }[] = [];
  let uploadUrl = (origin: string): string => `${origin}/upload/1`;
  beforeEach(async () => {
    seen.length = 0;
    server = createServer((request: IncomingMessage, response) => {
      seen.push({ path: request.url ?? '', authorization: request.headers.authorization });
      request.resume();
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      if (request.url === '/api/auth.test') response.writeHead(302, { location: 'http://localhost:9/' });
      response.end(JSON.stringify({ ok: true, upload_url: uploadUrl(origin), file_id: 'F1', files: [] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));
  const upload = (): Promise<void> => {
    const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`;
    const own = createSlackApi({ botToken: 'xoxb-1', appToken: undefined, apiUrl, pause: async () => undefined });
    return own.upload({ channel: 'C1', thread: '1.1', name: 'a.txt', content: 'diff', comment: '' });
  };

  it('goes to the Web API and not to where a file is put', async () => {
    await upload();
    expect(seen.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/api/files.getUploadURLExternal', 'Bearer xoxb-1'],
      ['/upload/1', undefined],
      ['/api/files.completeUploadExternal', 'Bearer xoxb-1'],
    ]);
  });

  it('and a file goes nowhere but to Slack', async () => {
    uploadUrl = () => 'http://localhost:9/upload/1';
    expect(String(await thrownBy(upload()))).toContain('will not send to localhost');
  });

  it('follows no redirect', async () => {
    const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`;
    const own = createSlackApi({ botToken: 'xoxb-1', appToken: undefined, apiUrl, pause: async () => undefined });
    await expect(own.identity()).rejects.toThrow('Slack cannot be reached: auth.test');
    expect(seen.every(({ path }) => path === '/api/auth.test')).toBe(true);
  });

  it('stands in no error, however it was mistyped', async () => {
    for (const botToken of ['xoxb-SECRET\nxapp-OTHER', 'xoxb-SECRET\u0000', 'xoxb-SECRET\u2013x', 'SECRET', '']) {
      const make = () => createSlackApi({ botToken, appToken: undefined, apiUrl: 'http://127.0.0.1:9/api/' });
      expect(make).toThrow('approvals.slack.botToken is no token of Slack');
      expect(make).not.toThrow(/SECRET/);
    }
    const appToken = 'xapp-SECRET\r';
    const make = () => createSlackApi({ botToken: 'xoxb-1', appToken, apiUrl: 'http://127.0.0.1:9/api/' });
    expect(make).toThrow('approvals.slack.appToken is no token of Slack');
  });

  it('nor do the words of an error that is not ours', async () => {
    const { port } = server.address() as AddressInfo;
    const quoting = new TypeError('Headers.append: "Bearer xoxb-1" is an invalid header value');
    vi.stubGlobal('fetch', () => Promise.reject(quoting));
    try {
      const apiUrl = `http://127.0.0.1:${port}/api/`;
      const own = createSlackApi({ botToken: 'xoxb-1', appToken: undefined, apiUrl, pause: async () => undefined });
      expect(String(await thrownBy(own.identity()))).toContain('Slack cannot be reached: auth.test, no answer');
      expect(String(await thrownBy(own.identity()))).not.toContain('xoxb');
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
