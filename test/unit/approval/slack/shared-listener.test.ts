import { afterEach, beforeEach, expect, it } from 'vitest';
import { slackConfigSchema } from '../../../../src/approval/slack/config.ts';
import { openSlack } from '../../../../src/compose/slack.ts';
import { createRig, type Rig } from '../../../support/approvals.ts';
import { type FakeSlack, startFakeSlack } from '../../../support/slack/server.ts';

let rig: Rig;
let slack: FakeSlack;
beforeEach(async () => {
  rig = await createRig();
  slack = await startFakeSlack();
});
afterEach(async () => {
  await slack.close();
  await rig.end();
});

async function warnings(takesHttp: boolean, listen: string): Promise<readonly string[]> {
  const warned: string[] = [];
  const { botToken, apiUrl, channel } = slack;
  const config = slackConfigSchema.parse({ mode: 'http', signingSecret: 'shh', botToken, apiUrl, channel, listen });
  const { state, clock, masker, log } = rig.deps;
  const opened = await openSlack({
    ...{ config, people: [], state, masker: { ...masker, text: masker.echo }, clock, takesHttp },
    log: { ...log, warn: (message) => void warned.push(message) },
  });
  await opened.start(rig.approvals);
  await opened.stop();
  return warned.filter((message) => message.startsWith('no request of Slack arrives here'));
}

it('is warned of at the start of a server that takes no HTTP, and of no other', async () => {
  expect(await warnings(false, 'shared')).toHaveLength(1);
  expect(await warnings(true, 'shared')).toEqual([]);
  expect(await warnings(false, '127.0.0.1:0')).toEqual([]);
});
