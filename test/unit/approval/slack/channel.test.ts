import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApprovals } from '../../../../src/approval/service.ts';
import { createSlackApi } from '../../../../src/approval/slack/api.ts';
import { createSlackChannel } from '../../../../src/approval/slack/channel.ts';
import { createHolder } from '../../../../src/approval/slack/holder.ts';
import { createLedger, newEntry } from '../../../../src/approval/slack/posted.ts';
import type { Approval, ApprovalChannel, Approvals } from '../../../../src/domain/approval.ts';
import { createRig, draft, echoing, oneOfSre, type Rig, silent } from '../../../support/approvals.ts';
import { type FakeSlack, startFakeSlack } from '../../../support/slack/server.ts';
import { slackPeople } from '../../../support/slack-rig.ts';

let rig: Rig;
let slack: FakeSlack;
let channel: ApprovalChannel;
let approvals: Approvals;
const caught: string[] = [];
beforeEach(async () => {
  rig = await createRig({ people: slackPeople });
  slack = await startFakeSlack();
  caught.length = 0;
  const { botToken, appToken, apiUrl } = slack;
  channel = createSlackChannel({
    config: { channel: slack.channel, channelName: 'k8s-approvals', mode: 'socket', userGroups: {}, mention: true },
    api: createSlackApi({ botToken, appToken, apiUrl }),
    ...{ state: rig.state, people: slackPeople, clock: rig.clock, log: silent, mask: echoing.echo },
    createInbound: () => ({
      start: async () => undefined,
      stop: async () => undefined,
      catchUp: async ({ id }) => void caught.push(id),
      connected: true,
    }),
  });
  approvals = createApprovals({ ...rig.deps, channels: [channel] });
});
afterEach(async () => {
  await channel.stop?.();
  await slack.close();
  await rig.end();
});

describe('the channel', () => {
  it('posts what was asked before it started, and what is asked then, here or in another process', async () => {
    await approvals.request(draft());
    expect(slack.cards()).toHaveLength(0);
    await channel.start?.(approvals);
    await vi.waitFor(() => expect(slack.cards()).toHaveLength(1), { timeout: 5_000 });
    const other = await rig.second();
    const elsewhere = createApprovals({ ...other.deps, channels: [channel] });
    await elsewhere.request(draft({ planDigest: 'sha256:other', callDigest: 'sha256:other' }));
    await vi.waitFor(() => expect(slack.cards()).toHaveLength(2), { timeout: 5_000 });
  });

  it('knows where it is, and who can be asked there', () => {
    expect(channel.place).toBe('Slack #k8s-approvals');
    expect(channel.reachable().people.map(({ id }) => id)).toContain('ana@example.com');
  });

  it('says in every channel that somebody broke the glass', async () => {
    await channel.start?.(approvals);
    const requirement = { ...oneOfSre, breakGlass: { groups: ['security'], withinSeconds: 300 } };
    const { id } = await approvals.request(draft({ requirement }));
    await approvals.vote(id, {
      person: slackPeople.byId('cy@example.com')!,
      decision: 'approve',
      comment: 'checkout is down since 09:00',
      channel: 'terminal',
      code: id,
      breakGlass: true,
    });
    await vi.waitFor(
      () => {
        const said = slack.messages().filter(({ text }) => text.includes('Break-glass'));
        expect(said).toHaveLength(1);
        expect(said[0]?.text).toContain('checkout is down since 09:00');
      },
      { timeout: 5_000 },
    );
  });
});

describe('before a claim', () => {
  const asked = { id: 'cs-abc123', planDigest: 'sha256:plan' } as Approval;
  const entry = newEntry({ approval: asked.id, team: 'T1', channel: 'C1', planDigest: asked.planDigest });

  it('reads the thread of a message that was posted', async () => {
    await createLedger(rig.state).put({ ...entry, ts: '1.000001' });
    await channel.start?.(approvals);
    await channel.caughtUp(asked);
    expect(caught).toEqual([asked.id]);
  });

  it('has nothing to read where Slack was never told', async () => {
    await channel.caughtUp(asked);
    expect(caught).toEqual([]);
  });

  it('lets nothing be claimed while nobody knows whether it was posted', async () => {
    await createLedger(rig.state).put({ ...entry, begun: ['post'] });
    await channel.start?.(approvals);
    await expect(channel.caughtUp(asked)).rejects.toThrow('cannot be read yet');
  });

  it('nor by a corrupt file', async () => {
    await rig.state.replace(join(await rig.state.folder('slack-posted'), `${asked.id}.json`), '{');
    await channel.start?.(approvals);
    await expect(channel.caughtUp(asked)).rejects.toThrow('cannot be read yet');
  });
});

describe('who holds Slack', () => {
  it('is one of many that try at once, and the next after it gives it back or dies', async () => {
    const others = await Promise.all([rig.second(), rig.second(), rig.second()]);
    const states = [rig.state, ...others.map(({ state }) => state)];
    const holders = states.map(createHolder);
    for (let round = 0; round < 3; round++) {
      const held = await Promise.all(holders.map((holder) => holder.hold()));
      expect(held.filter((each) => each)).toHaveLength(1);
      const winner = held.indexOf(true);
      if (round === 1) {
        await states[winner]?.close();
        holders.splice(winner, 1);
        states.splice(winner, 1);
      } else await holders[winner]?.release();
    }
  });
});
