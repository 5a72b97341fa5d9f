import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseNotes } from '../../src/audit/checkpoint/note.ts';
import { publishedKeys } from '../../src/audit/checkpoint/state-keys.ts';
import { verify } from '../../src/audit/verify/verify.ts';
import { type AgentRig, startAgent } from '../support/agent.ts';
import { cardOf, textOf, until } from '../support/slack/looking.ts';
import { type FakeSlack, startFakeSlack } from '../support/slack/server.ts';
import { slackUsers } from '../support/slack-rig.ts';

const bundle = join(import.meta.dirname, '../../dist/countersign.cjs');
const killAt = join(import.meta.dirname, '../support/kill-at.cjs');
const team = 'T0TEAM0001';
const people = [
  { id: 'li@example.com', osUsers: [userInfo().username, 'li'], slack: { team, user: slackUsers.li } },
  { id: 'ana@example.com', osUsers: ['ana'], groups: ['sre'], slack: { team, user: slackUsers.ana } },
  { id: 'cy@example.com', groups: ['security'], slack: { team, user: slackUsers.cy } },
];
const rules = `
rules:
  - { name: reads-flow, description: Objects may be read., match: { verbs: [get, list] }, effect: allow }
  - name: two-of-two-groups
    description: A change needs one of sre and one of security.
    match: { verbs: [create, patch], resources: [deployments.apps] }
    effect: review
    require: { groups: [sre, security], decideWithin: 15m, useWithin: 15m }
  - name: one-of-sre
    description: A scale needs one of sre, soon.
    match: { verbs: [delete] }
    effect: review
    require: { groups: [sre], decideWithin: 3s, useWithin: 15m }
`;

let folder: string;
let slack: FakeSlack;
const agents: AgentRig[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-e2e-slack-'));
  await writeFile(join(folder, 'rules.yaml'), rules);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close().catch(() => undefined);
  await slack.close();
});

async function start(state?: string, env: Readonly<Record<string, string>> = {}): Promise<AgentRig> {
  await writeFile(join(folder, 'bot'), slack.botToken, { mode: 0o600 });
  await writeFile(join(folder, 'app'), slack.appToken, { mode: 0o600 });
  const agent = await startAgent({
    ...(state === undefined ? {} : { state }),
    env,
    config: {
      policy: { folder },
      people,
      approvals: {
        local: 'sudo',
        slack: {
          botToken: `file:${join(folder, 'bot')}`,
          appToken: `file:${join(folder, 'app')}`,
          ...{ channel: slack.channel, channelName: 'k8s-approvals', apiUrl: slack.apiUrl },
        },
      },
    },
  });
  agents.push(agent);
  return agent;
}

const image = (tag: string) => ({
  manifest: `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: {spec: {containers: [{name: web, image: 'registry.example/web:${tag}'}]}}}}`,
  reason: 'fixes checkout',
});

describe('approvals in Slack, from the agent to the cluster', () => {
  it('runs once two people of two groups have voted, by a click and by a reply', async () => {
    slack = await startFakeSlack();
    const agent = await start();
    const answer = agent.call('apply', image('1.4.2'));
    const { id } = await agent.held();
    const card = await cardOf(slack, id);
    expect(textOf(card)).toContain('0 of 2');
    await slack.sockets.connected();
    await slack.click(slackUsers.ana, card, 'approve');
    await until(() => expect(textOf(card)).toContain(`1 of 2: <@${slackUsers.ana}>`));
    slack.reply(slackUsers.cy, card.ts, `approve ${id} canary looked fine`);
    const result = await answer;
    expect(result.structured.status).toBe('executed');
    expect(result.text).toContain('canary looked fine');
    await until(() => expect(textOf(card)).toContain('Executed: apply 1 object in'));
    const thread = await until(() => {
      const ours = slack.replies(card.ts).filter((each) => each.user === slack.botUser);
      // One for each vote, and the end.
      expect(ours.at(-1)?.text).toContain('Applied 1 of 1');
      return ours.map(({ text = '' }) => text);
    });
    expect(thread.filter((text) => text.includes('countersign.dev/audit-checkpoint/v1'))).toEqual(thread);
    const against = thread.flatMap((text) => parseNotes(/```([\s\S]*?)```/.exec(text)?.[1] ?? ''));
    const { covered, faults } = await verify(join(agent.state, 'audit'), { keys: publishedKeys(agent.state), against });
    expect(faults).toEqual([]);
    expect(covered?.lines).toBeGreaterThan(5);
    await until(() => expect(slack.directMessages(slackUsers.li)).toHaveLength(1));
    const votes = (await agent.audit()).filter(({ type }) => type === 'ApprovalVoted');
    expect(votes.map(({ approver, channel }) => [approver, channel])).toEqual([
      ['ana@example.com', 'slack'],
      ['cy@example.com', 'slack'],
    ]);
  });

  it('gives the comment of a denial to the agent', async () => {
    slack = await startFakeSlack();
    const agent = await start();
    const answer = agent.call('apply', image('1.4.3'));
    const { id } = await agent.held();
    const card = await cardOf(slack, id);
    await slack.sockets.connected();
    slack.reply(slackUsers.ana, card.ts, 'deny Not during the sale. Scale to 6 first.');
    const result = await answer;
    expect(result.structured.status).toBe('denied');
    expect(result.text).toContain('Not during the sale. Scale to 6 first.');
    await until(() => expect(textOf(card)).toContain('Denied: apply'));
  });

  it('goes on where Slack was down in the middle: what was said meanwhile counts', async () => {
    slack = await startFakeSlack();
    const agent = await start();
    const answer = agent.call('apply', image('1.4.4'));
    const { id } = await agent.held();
    const card = await cardOf(slack, id);
    await slack.sockets.connected();
    slack.down();
    slack.reply(slackUsers.ana, card.ts, 'approve');
    slack.reply(slackUsers.cy, card.ts, 'approve');
    slack.up();
    expect((await answer).structured.status).toBe('executed');
    await until(() => expect(textOf(card)).toContain('Executed: apply'));
  });

  it('goes on after a restart in the middle, with the same message, and sees that the cluster is another one', async () => {
    slack = await startFakeSlack();
    const before = await start();
    void before.call('apply', image('1.4.5')).catch(() => undefined);
    const { id } = await before.held();
    const card = await cardOf(slack, id);
    await before.leave();
    slack.reply(slackUsers.ana, card.ts, 'approve');
    const after = await start(before.state);
    const answer = after.call('approval', { id });
    await until(() => expect(textOf(card)).toContain(`1 of 2: <@${slackUsers.ana}>`));
    await slack.click(slackUsers.cy, card, 'approve');
    const result = await answer;
    // The sandbox is new with each server: same names, other uids. On a cluster that stays it runs (slack-cluster.test.ts).
    expect(result.structured.status).toBe('drifted');
    expect(result.text).toContain('Deployment shop/web is another object of that name by now');
    expect(slack.cards()).toHaveLength(1);
    await until(() => expect(textOf(card)).toContain('Drifted, not executed: apply'));
  });

  it('says that nobody knows where the server died on the way, and later what somebody found out', async () => {
    slack = await startFakeSlack();
    const dying = { NODE_OPTIONS: `--require ${killAt}`, COUNTERSIGN_TEST_KILL: 'after write "type":"Authorized"' };
    const before = await start(undefined, dying);
    const answer = before.call('apply', image('1.4.7')).catch(() => undefined);
    const { id } = await before.held();
    const card = await cardOf(slack, id);
    await slack.sockets.connected();
    await slack.click(slackUsers.ana, card, 'approve');
    slack.reply(slackUsers.cy, card.ts, 'approve');
    expect(await answer, 'it died before it answered').toBeUndefined();
    const after = await start(before.state);
    await until(() => expect(textOf(card)).toContain('OUTCOME UNKNOWN: apply'));
    expect((await after.call('approval', { id })).structured.status).toBe('unknown');
    const said = ['approvals', 'settle', id, '--as', 'executed', 'image 1.4.7 is there'];
    const env = { ...process.env, SUDO_USER: 'ana', SUDO_UID: String(userInfo().uid + 2) };
    await execa(process.execPath, [bundle, ...said, '--config', after.configFile], {
      env: { ...env, COUNTERSIGN_STATE: after.state },
    });
    await until(() => expect(textOf(card)).toContain('Executed: apply'));
    await until(() => {
      const line = slack.replies(card.ts).find(({ text = '' }) => text.includes('found out'));
      expect(line?.text).toContain(`Executed, as <@${slackUsers.ana}> found out: `);
      expect(line?.text).toContain('image 1.4.7 is there');
    });
    await until(() =>
      expect(slack.directMessages(slackUsers.li).map(({ text }) => text)).toContainEqual(
        expect.stringContaining(`Executed, as <@${slackUsers.ana}> found out: `),
      ),
    );
    const told = await after.call('approval', { id });
    expect(told.structured.status).toBe('executed');
    expect(told.text).toContain('image 1.4.7 is there');
    const { faults, openIntents } = await verify(join(after.state, 'audit'));
    expect([faults, openIntents]).toEqual([[], []]);
  });

  it('takes a vote at another process than the one that waits, and goes on when that one dies', async () => {
    slack = await startFakeSlack();
    const holder = await start();
    await holder.call('get', { resource: 'pods' });
    const waiter = await start(holder.state);
    const answer = waiter.call('apply', image('1.4.6'));
    const { id } = await waiter.held();
    const card = await cardOf(slack, id);
    await slack.sockets.connected();
    await slack.click(slackUsers.ana, card, 'approve');
    await until(() => expect(textOf(card)).toContain('1 of 2'));
    await holder.leave();
    slack.reply(slackUsers.cy, card.ts, 'approve');
    expect((await answer).structured.status).toBe('executed');
    await until(() => expect(textOf(card)).toContain('Executed: apply'));
  });

  it('ends by itself when nobody decides', async () => {
    slack = await startFakeSlack();
    const agent = await start();
    const result = await agent.call('delete', {
      resource: 'services',
      name: 'web',
      namespace: 'shop',
      reason: 'unused',
    });
    expect(result.structured.status).toBe('expired');
    await until(() => expect(slack.cards().map(textOf).join('')).toContain('Expired, not executed: delete'));
  });
});
