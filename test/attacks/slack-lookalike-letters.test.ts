import { afterEach, beforeEach, expect, it } from 'vitest';
import { ident } from '../../src/domain/masked.ts';
import { seal } from '../../src/domain/seal.ts';
import { createVotingRig, slackUsers, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

it('makes letters of other scripts visible in names, images and clusters', async () => {
  const { card } = await rig.ask({
    objects: [ident('Deployment/shop/wеb')],
    cluster: { name: 'shop-prоd', uid: 'u-1', caDigest: 'sha256:ca' },
    card: {
      summary: seal('Deployment shop/wеb'),
      risks: [seal('takes spec.replicas from hpа')],
      diff: seal('+  image: wеb:1.4.2'),
      reason: seal('fine'),
    },
  });
  const text = JSON.stringify([card.text, card.blocks]);
  expect(text).not.toMatch(/[а-я]/);
  for (const visible of ['w\\\\u{435}b', 'shop-pr\\\\u{43e}d', 'hp\\\\u{430}']) expect(text).toContain(visible);
});

it('makes no vote of a word or a code that only looks like one', async () => {
  const { approval, card } = await rig.ask();
  for (const text of ['аpprove', 'approvе', 'ａpprove', `approve ${approval.id.replace('c', 'с')}`])
    await rig.slack.reply(slackUsers.ana, card.ts, text).delivery;
  await rig.inbound().catchUp(approval);
  expect(await rig.votes(approval.id)).toEqual([]);
  expect(rig.slack.whispers(slackUsers.ana).map(({ text }) => text)).toEqual([
    expect.stringContaining('That is no vote'),
    expect.stringContaining('\\u{441}s-'),
  ]);
});
