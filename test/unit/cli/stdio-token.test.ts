import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { claimsOf } from '../../support/identity/authenticator.ts';
import { type Oidc, resource, startOidc } from '../../support/identity/oidc.ts';
import { type StdioRig, stdioRig } from '../../support/identity/stdio.ts';
import { run } from './harness.ts';

let oidc: Oidc;
const rigs: StdioRig[] = [];
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const pods = { resource: 'pods', namespace: 'shop' };
const scale = { resource: 'deploy', name: 'web', namespace: 'shop', replicas: 4, reason: 'A sale.' };

async function started(env: Record<string, string | undefined>, identity: object = {}): Promise<StdioRig> {
  const rig = await stdioRig({ resource, issuers: [{ issuer: oidc.issuer, subjects: 'people' }], ...identity }, env);
  rigs.push(rig);
  return rig;
}

const json = async (rig: StdioRig, ...args: string[]): Promise<unknown> =>
  JSON.parse((await run([...args, '--json', '--config', join(rig.folder, 'countersign.yaml')])).out);

/** Of the audit log, as they are. */
const lines = async (rig: StdioRig, ...filter: string[]): Promise<string> =>
  (await run(['audit', 'query', ...filter, '--json', '--config', join(rig.folder, 'countersign.yaml')])).out;

it('the token of the environment says who calls, and every line of the log says it too', async () => {
  const rig = await started({ COUNTERSIGN_TOKEN: `${await oidc.token({ person: 'ana' })}\n` });
  expect((await rig.call('get', pods)).status).toBe('ok');
  const audited = await lines(rig, '--principal', 'agent');
  expect(audited).toContain('"actingFor":"ana@example.com"');
  expect(await json(rig, 'sessions', 'list')).toMatchObject([
    { agent: 'agent', person: 'ana@example.com', transport: 'stdio', verified: true, client: { name: 'test' } },
  ]);
});

it('a token in a file is read again when it changes, and what is bad is told at each call', async () => {
  const file = join((await started({})).folder, 'token');
  const rig = await started({ COUNTERSIGN_TOKEN_FILE: file });
  expect(await rig.call('get', pods)).toMatchObject({
    status: 'unauthorized',
    message: expect.stringContaining('cannot be read'),
  });
  await writeFile(file, await oidc.sign(claimsOf(oidc, { exp: 1 })));
  expect(await rig.call('get', pods)).toMatchObject({
    status: 'unauthorized',
    message: expect.stringContaining('expired'),
  });
  await writeFile(file, await oidc.token({ person: 'ana', scope: 'countersign:read' }));
  expect((await rig.call('get', pods)).status).toBe('ok');
  expect(await rig.call('scale', scale)).toMatchObject({
    status: 'unauthorized',
    message: expect.stringContaining('countersign:write'),
  });
  await writeFile(file, await oidc.token({ person: 'nobody-known', act: 'other-bot' }));
  expect(await rig.call('scale', scale)).toMatchObject({
    status: 'denied',
    message: expect.stringMatching(/which person is behind other-bot/),
  });
  expect(await json(rig, 'sessions', 'list')).toMatchObject([{ agent: 'other-bot', subject: 'nobody-known' }]);
});

it('a token without an issuer in the configuration, and two tokens, are refused at each call', async () => {
  const token = await oidc.token({ person: 'ana' });
  const without = await started({ COUNTERSIGN_TOKEN: token }, { issuers: [] });
  expect(await without.call('get', pods)).toMatchObject({
    status: 'unauthorized',
    message: expect.stringContaining('no issuer'),
  });
  const both = await started({ COUNTERSIGN_TOKEN: token, COUNTERSIGN_TOKEN_FILE: '/nowhere' });
  expect(await both.call('get', pods)).toMatchObject({
    status: 'unauthorized',
    message: expect.stringContaining('both set'),
  });
});

it('without a token the user of the machine calls, unverified', async () => {
  const rig = await started({});
  expect((await rig.call('get', pods)).status).toBe('denied');
  expect(await json(rig, 'sessions', 'list')).toMatchObject([
    { agent: `local:${userInfo().username}`, verified: false },
  ]);
});

it('a session that is revoked ends the process for its client, by name, agent or person; a wrong name is a fault', async () => {
  const rig = await started({ COUNTERSIGN_TOKEN: await oidc.token({ person: 'ana' }) });
  await rig.call('get', pods);
  const config = ['--config', join(rig.folder, 'countersign.yaml')];
  expect(await run(['sessions', 'revoke', 'nobody', ...config])).toMatchObject({ code: 1 });
  expect(await run(['sessions', 'revoke', ...config])).toMatchObject({ code: 2 });
  expect(await run(['sessions', 'revoke', 'ana@example.com', ...config])).toMatchObject({
    code: 0,
    out: expect.stringContaining(`To keep them out:\n  countersign principals suspend ana --issuer ${oidc.issuer}\n`),
  });
  await until(async () => (await rig.call('get', pods)).status === 'unauthorized');
  expect((await rig.call('get', pods)).message).toContain('revoked');
  expect(await json(rig, 'sessions', 'list')).toEqual([]);
  const ended = await lines(rig, '--type', 'SessionEnded');
  expect(ended).toContain(`"by":"${userInfo().username}"`);
});

it('what a revoked session leaves open is said, and --suspend closes it', async () => {
  const rig = await started({ COUNTERSIGN_TOKEN: await oidc.token({ person: 'ana' }) });
  await rig.call('get', pods);
  const config = ['--config', join(rig.folder, 'countersign.yaml')];
  const bare = await run(['sessions', 'revoke', 'ana@example.com', '--reason', 'x', ...config]);
  expect(bare).toMatchObject({ code: 1, err: expect.stringContaining('--suspend') });
  const words = await run(['sessions', 'revoke', 'ana@example.com', '--suspend', '--reason', 'stolen', ...config]);
  expect(words).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^revoked .*\nsuspended {2}ana {2}of http.*stolen\n$/s),
  });
  expect(await json(rig, 'principals', 'list')).toMatchObject([{ name: 'ana', issuer: oidc.issuer, reason: 'stolen' }]);
  await until(async () => (await rig.call('get', pods)).status === 'unauthorized');
  expect((await rig.call('get', pods)).message).toContain('suspended: stolen');
});

it('principals are suspended, listed and resumed from the command line, with exit codes', async () => {
  const rig = await started({});
  const config = ['--config', join(rig.folder, 'countersign.yaml')];
  const issuer = ['--issuer', oidc.issuer];
  expect(await run(['principals', 'suspend', 'agent', ...issuer, ...config])).toMatchObject({ code: 0 });
  expect(await run(['principals', 'suspend', 'agent', ...issuer, ...config])).toMatchObject({ code: 1 });
  expect(await json(rig, 'principals', 'list')).toMatchObject([
    { name: 'agent', issuer: oidc.issuer, by: userInfo().username },
  ]);
  expect(await run(['principals', 'resume', 'agent', ...config])).toMatchObject({ code: 1 });
  expect(await run(['principals', 'suspend', ...config])).toMatchObject({ code: 2 });
  expect(await run(['principals', 'resume', 'agent', ...issuer, ...config])).toMatchObject({ code: 0 });
  expect(await run(['principals', 'list', ...config])).toMatchObject({ code: 0, out: 'Nobody is suspended.\n' });
  expect((await run(['principals', 'suspend', '--help'])).out).toContain('--reason');
});

async function until(good: () => Promise<boolean>): Promise<void> {
  for (let n = 0; !(await good()); n++) {
    if (n > 100) throw new Error('it did not come');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
