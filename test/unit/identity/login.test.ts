import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openGrantStore } from '../../../src/cli/connect-store.ts';
import { createIssuerFetch } from '../../../src/identity/fetch.ts';
import { LoginBearer, type LoginOptions } from '../../../src/identity/login/login-bearer.ts';
import { type BridgeRig, startBridge } from '../../support/bridge-rig.ts';
import { freePorts } from '../../support/control-plane/ports.ts';
import { type HttpRig, startHttpRig, until } from '../../support/http-rig.ts';
import { authenticatorOf, clockAt, silent } from '../../support/identity/authenticator.ts';
import { type PeopleOidc, startPeopleOidc } from '../../support/identity/people-oidc.ts';

/** A server that takes the tokens of a real provider for itself alone, and a state directory of the person. */
let rig: HttpRig;
let oidc: PeopleOidc;
let folder: string;
let server: URL;
const over = new AbortController();
const bridges: BridgeRig[] = [];
const clock = clockAt();
beforeEach(async () => {
  const [port = 0] = await freePorts(1);
  server = new URL(`http://127.0.0.1:${port}/mcp`);
  oidc = await startPeopleOidc({ resource: server.href });
  clock.ms = Date.now();
  const issuer = { audience: server.href, introspection: undefined };
  const people = [{ id: 'li@example.com', subjects: [{ issuer: oidc.issuer, subject: 'li' }] }];
  rig = await startHttpRig({ over: { port, authenticator: authenticatorOf(oidc, { issuer, people }) } });
  folder = await mkdtemp(join(tmpdir(), 'cs-login-'));
});
afterEach(async () => {
  await Promise.all(bridges.splice(0).map((bridge) => bridge.end()));
  await rig.close();
  await oidc.close();
  await rm(folder, { recursive: true, force: true });
});

const never = (_: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Person {
  readonly bearer: LoginBearer;
  readonly told: string[];
}

async function person(options: Partial<LoginOptions> = {}): Promise<Person> {
  const told: string[] = [];
  const fetch = createIssuerFetch({ ca: undefined, tokenFile: undefined, origins: new Set() });
  const bearer = new LoginBearer({
    ...{ server, clock, fetch, flow: 'device', clientId: 'known', issuer: undefined, scopes: undefined },
    store: await openGrantStore(folder, server, soon),
    fetchServer: fetch,
    prompt: (text) => told.push(text),
    open: () => undefined,
    sleep: never,
    log: silent,
    signal: over.signal,
    ...options,
  });
  return { bearer, told };
}

const bridged = ({ bearer }: Person): BridgeRig => {
  const bridge = startBridge(server.href, { bearer });
  bridges.push(bridge);
  return bridge;
};
const codeIn = async ({ told }: Person): Promise<string> => {
  await until(() => told.some((line) => line.includes('code')));
  return / the code (\S+)/.exec(told.find((line) => line.includes('code')) ?? '')?.[1] ?? '';
};
const grantFile = async (): Promise<string> => {
  const [name = ''] = (await readdir(join(folder, 'connect'))).filter((each) => each.endsWith('.json'));
  return join(folder, 'connect', name);
};
const get = { name: 'get', arguments: { resource: 'pods' } };

it.each([['known'], [undefined]])(
  'a person signs in with a code, as client %s',
  async (clientId) => {
    const li = await person({ clientId });
    const bridge = bridged(li);
    const hello = bridge.hello();
    const code = await codeIn(li);
    expect(li.told[0]).toContain(`open ${oidc.issuer}/device`);
    await oidc.enter(code, 'li');
    expect(await hello).toHaveProperty('result');
    await bridge.ask(1, 'tools/call', get);
    expect(rig.invocations[0]?.principal).toMatchObject({ subject: 'li', person: 'li@example.com', verified: true });
    expect((await stat(await grantFile())).mode & 0o777).toBe(0o600);
    // Another process of the same person needs no login.
    const again = await person({ clientId });
    await bridged(again).hello();
    expect(again.told).toEqual([]);
  },
  60_000,
);

it.each([['known'], [undefined]])('a person signs in with a browser, as client %s', async (clientId) => {
  const li = await person({ flow: 'browser', clientId, open: (url) => void oidc.browse(url, 'li') });
  const bridge = bridged(li);
  expect(await bridge.hello()).toHaveProperty('result');
  await bridge.ask(1, 'tools/call', get);
  expect(rig.invocations[0]?.principal).toMatchObject({ subject: 'li' });
  expect(li.told[0]).toMatch(/code_challenge_method=S256/);
  expect(li.told[0]).toContain(`resource=${encodeURIComponent(server.href)}`);
});

const signedIn = async (): Promise<Person> => {
  const li = await person({ flow: 'browser', open: (url) => void oidc.browse(url, 'li') });
  await li.bearer.signIn();
  return li;
};

it('a token is renewed ahead of its end, once for all who ask, in every process', async () => {
  const li = await signedIn();
  const other = await person();
  const before = await li.bearer.current();
  expect(await other.bearer.current()).toBe(before);
  clock.ms += 245_000;
  const tokens = await Promise.all([1, 2, 3].flatMap(() => [li.bearer.current(), other.bearer.current()]));
  expect(new Set(tokens).size).toBe(1);
  expect(tokens[0]).not.toBe(before);
  expect(oidc.grants.get('refresh_token')).toBe(1);
});

it('a login that ended at the issuer asks the person again', async () => {
  const li = await signedIn();
  const text = await readFile(await grantFile(), 'utf8');
  const store = await openGrantStore(folder, server, soon);
  const { refreshToken } = JSON.parse(text);
  await store.write(text.replace(refreshToken, 'never-given').replace(/"accessToken":"[^"]+"/, '"accessToken":"bad"'));
  const later = await person({ flow: 'browser', open: (url) => void oidc.browse(url, 'li') });
  expect(await bridged(later).hello()).toHaveProperty('result');
  expect(later.told).toHaveLength(2);
  expect(li.told).toHaveLength(2);
});

it('signing out ends the tokens at the issuer and leaves nothing', async () => {
  const li = await signedIn();
  const { refreshToken } = JSON.parse(await readFile(await grantFile(), 'utf8'));
  expect(await li.bearer.signOut()).toBe(true);
  expect(await readdir(join(folder, 'connect'))).toEqual([]);
  expect(await li.bearer.signOut()).toBe(false);
  const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'known', refresh_token: refreshToken });
  const answer = await fetch(`${oidc.issuer}/token`, { method: 'POST', body });
  expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
});

it('a client does not wait for a person for ever, and is told what to say', async () => {
  let tooLong = (): void => {};
  const sleep = (): Promise<void> =>
    new Promise((resolve) => {
      tooLong = resolve;
    });
  const li = await person({ sleep });
  const hello = bridged(li).hello();
  const code = await codeIn(li);
  tooLong();
  expect(await hello).toMatchObject({
    error: { code: -32000, message: expect.stringContaining(`enter the code ${code}`) },
  });
});

it('a server that says that it is another one gets no token', async () => {
  const li = await person({ server: new URL(`http://localhost:${server.port}/mcp`) });
  await expect(li.bearer.signIn()).rejects.toMatchObject({ code: 'Unauthorized' });
  expect(li.told).toEqual([]);
  expect(oidc.grants.size).toBe(0);
});

it('nothing that is told holds a token', async () => {
  const li = await signedIn();
  const { accessToken, refreshToken } = JSON.parse(await readFile(await grantFile(), 'utf8'));
  for (const line of li.told) for (const secret of [accessToken, refreshToken]) expect(line).not.toContain(secret);
});
