import { expect, it } from 'vitest';
import { oneOfSre } from '../support/approvals.ts';
import { createVotingRig, slackUsers } from '../support/slack/rig.ts';

it('fills no place by an approve that was said before the escalation and is heard after it', async () => {
  const rig = await createVotingRig();
  try {
    const requirement = { ...oneOfSre, escalation: [{ afterSeconds: 60, group: 'security' }] };
    const { approval, card } = await rig.ask({ requirement });
    rig.slack.sockets.freeze();
    rig.slack.reply(slackUsers.cy, card.ts, 'approve');
    rig.rig.clock.step(61_000);
    await rig.inbound().catchUp(await rig.approvals.read(approval.id));
    expect((await rig.approvals.read(approval.id)).state).toBe('pending');
    rig.slack.reply(slackUsers.cy, card.ts, 'approve');
    await rig.inbound().catchUp(await rig.approvals.read(approval.id));
    expect((await rig.approvals.read(approval.id)).state).toBe('approved');
  } finally {
    await rig.end();
  }
});
