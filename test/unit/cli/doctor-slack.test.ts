import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createSlackApi } from '../../../src/approval/slack/api.ts';
import { writeConnections } from '../../../src/approval/slack/connections.ts';
import { checkSlack } from '../../../src/cli/doctor/slack.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { type Config, loadConfig } from '../../../src/config.ts';
import { createRig, type Rig } from '../../support/approvals.ts';
import { allScopes, type FakeSlack, type FakeSlackOptions, startFakeSlack } from '../../support/slack/server.ts';

let slack: FakeSlack | undefined;
let rig: Rig | undefined;
afterEach(async () => {
  await slack?.close();
  await rig?.end();
  slack = undefined;
  rig = undefined;
});

const needed = allScopes.filter((scope) => !['channels:read', 'groups:read'].includes(scope));

async function findings(
  options: FakeSlackOptions = {},
  own: object = {},
  root = '',
  people: readonly object[] = [{ id: 'ana@example.com', groups: ['security'] }],
): Promise<readonly string[]> {
  slack ??= await startFakeSlack({ scopes: needed, ...options });
  const { apiUrl, botToken, appToken, channel } = slack;
  const config: Config = configSchema.parse({
    people,
    approvals: { slack: { botToken, appToken, channel, apiUrl, userGroups: { sre: 'S0SRE00001' }, ...own } },
  });
  const api = createSlackApi({ botToken, appToken, apiUrl, pause: async () => undefined });
  const { findings: found, people: counting } = await checkSlack(config, root, api);
  return [
    ...found.map(({ level, what }) => `${level} ${what}`),
    ...counting.map(({ id, groups }) => `${id}: ${groups}`),
  ];
}

describe('what doctor says of Slack', () => {
  it('is content with an app made from the manifest, and names who would count', async () => {
    expect(await findings()).toEqual([
      'ok the bot token is good for workspace T0TEAM0001',
      `ok ${needed.length} scopes, all that are needed`,
      'ok the app is a member of channel C0APPROVE1',
      'ok group sre: ana, bo',
      'ok the app-level token opens Socket Mode',
      'ana@example.com: security,sre',
      'bo@example.com: sre',
    ]);
  });

  it('says of signed requests where they are taken, and warns that over stdio nobody does', async () => {
    const signed = { mode: 'http', signingSecret: 'shh' };
    expect(await findings({}, signed)).toContain('ok signed requests are taken on 127.0.0.1:8701');
    expect(await findings({}, { ...signed, listen: 'shared' })).toContain(
      'warn signed requests are taken by serve --http, on its address; a server over stdio takes none',
    );
  });

  it('names scopes that are missing, and those that are too many', async () => {
    const scopes = [...needed.filter((scope) => scope !== 'files:write'), 'chat:write.public'];
    expect(await findings({ scopes })).toEqual(
      expect.arrayContaining([
        'FAIL scope files:write is missing: whole diffs in the thread',
        'warn the token can do more than it needs: chat:write.public',
      ]),
    );
  });

  it('sees that the app was not invited', async () => {
    expect((await findings({ botInChannel: false })).join('\n')).toMatch(
      /FAIL channel C0APPROVE1 cannot be read: .*not_in_channel/,
    );
  });

  it('counts no guest, bot or deactivated member', async () => {
    const userGroups = { S0SRE00001: ['U0GUEST001', 'U0GONE0001', 'U0FLOW0001', 'U0OTHER001'] };
    expect((await findings({ userGroups })).join('\n')).toContain(
      'FAIL user group S0SRE00001 (sre) has nobody who may vote',
    );
  });

  it('fails where two records are one person, and counts them as one', async () => {
    const records = [
      { id: 'ana@example.com', groups: ['security'] },
      { id: 'anna', groups: ['ops'], slack: { team: 'T0TEAM0001', user: 'U0ANA00001' } },
    ];
    const found = await findings({}, {}, '', records);
    expect(found).toContain(
      'FAIL anna and ana@example.com are one person in Slack, by the e-mail address: they count as one',
    );
    expect(found.filter((line) => /^(ana@example.com|anna): /.test(line))).toEqual([
      'ana@example.com: ops,security,sre',
    ]);
  });

  it('warns of connections that somebody else may have', async () => {
    rig = await createRig();
    await writeConnections(rig.state, 3);
    expect((await findings({}, {}, rig.root)).join('\n')).toContain('warn Slack counts 3 connections of this app');
  });

  it('says that Slack is not there, and no token', async () => {
    slack = await startFakeSlack();
    slack.down();
    const [first] = await findings();
    expect(first).toMatch(/^FAIL Slack cannot be reached: auth.test/);
    expect(first).not.toContain(slack.botToken);
  });
});

describe('approvals.slack in the configuration', () => {
  const parse = (own: object) =>
    configSchema.safeParse({
      approvals: { slack: { botToken: 'env:A', appToken: 'env:B', channel: 'C0123', ...own } },
    });

  it.each([
    ['an address without TLS', { apiUrl: 'http://slack.example/api/' }],
    ['a channel by name', { channel: '#approvals' }],
    ['mode http without the signing secret', { mode: 'http' }],
    ['mode socket without the app token', { appToken: undefined }],
    ['a user group by handle', { userGroups: { sre: '@sre' } }],
    ['an unknown key', { token: 'env:C' }],
  ])('refuses %s', (_, own) => {
    expect(parse(own).success).toBe(false);
  });

  it('takes secrets as references only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cs-slack-config-'));
    const file = join(folder, 'countersign.yaml');
    const write = (botToken: string) =>
      writeFile(file, `approvals: { slack: { botToken: '${botToken}', appToken: 'env:APP', channel: C0123 } }`);
    await write('xoxb-in-the-file');
    await expect(loadConfig(file, { APP: 'xapp-1' })).rejects.toThrow('a secret is never a value here');
    await write('env:BOT');
    const { config } = await loadConfig(file, { APP: 'xapp-1', BOT: 'xoxb-1' });
    expect(config.approvals.slack?.botToken).toBe('xoxb-1');
    await rm(folder, { recursive: true });
  });
});
