import { afterEach, beforeEach, expect, it } from 'vitest';
import { seal } from '../../src/domain/seal.ts';
import { createVotingRig, slackUsers, until, type VotingRig } from '../support/slack/rig.ts';

let rig: VotingRig;
beforeEach(async () => {
  rig = await createVotingRig();
});
afterEach(() => rig.end());

const { ana } = slackUsers;
const hostile = [
  '\u202eevil\u202c',
  'zero\u200bwidth\ufeff',
  '<!channel> <@U0LI000001> <!subteam^S0SRE00001>',
  '<https://evil.example|https://good.example>',
  '`code` *bold* ```fence```',
  'line one\nApproved by everybody\r\nline three',
  'a & b < c > d',
].join(' ');
const invisible = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\r]/;
/** A line that begins with the words, in JSON: a backslash that people see is two. */
const ownLine = /(?<!\\)\\nApproved by everybody/;
/** Everything that the app says. */
const ownWords = (): string =>
  JSON.stringify([
    rig.slack.whispers(),
    rig.slack.world.messages.filter((message) => message.bot_id === rig.slack.world.botId),
  ]);

const markup = (value: unknown): readonly unknown[] => {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'type' in value && value.type === 'mrkdwn' && 'text' in value ? [value.text] : [];
  return [...own, ...Object.values(value).flatMap(markup)];
};

it('shows a reason as one quoted line in which nothing mentions, links, formats or hides', async () => {
  const { card } = await rig.ask({
    card: {
      summary: seal('Deployment shop/web'),
      risks: [],
      diff: seal('  spec.replicas: 3 -> 4'),
      reason: seal(hostile),
    },
  });
  expect(JSON.stringify(card.blocks)).not.toMatch(invisible);
  // Rich text is literal: only what is marked up by Slack could do any harm.
  const markedUp = JSON.stringify([card.text, ...markup(card.blocks)]);
  expect(markedUp).not.toMatch(/channel>|subteam|evil|fence/);
  expect(ownWords()).not.toMatch(ownLine);
});

it('shows a comment so too, wherever it stands', async () => {
  const { approval, card } = await rig.ask();
  await rig.slack.reply(ana, card.ts, `no ${hostile}`).delivery;
  await until(async () => (await rig.approvals.read(approval.id)).state === 'denied');
  await until(() => rig.slack.replies(card.ts).some(({ bot_id }) => bot_id !== undefined), 'the line in the thread');
  expect(ownWords()).not.toMatch(invisible);
  expect(ownWords()).not.toMatch(/<!channel>|<!subteam|<https:\/\/evil/);
  expect(ownWords()).not.toMatch(ownLine);
});

it('shows a code that somebody typed so too', async () => {
  const { card } = await rig.ask();
  await rig.slack.reply(ana, card.ts, 'approve cs-<!channel>\u202e`x`').delivery;
  const told = await rig.whisperTo(ana);
  expect(told).not.toMatch(invisible);
  expect(told).not.toContain('<!channel>');
});

it('makes no approve of a word with invisible characters in it', async () => {
  const { approval, card } = await rig.ask();
  for (const text of ['appro\u200bve', '\u2060approve', '\u202eevorppa', 'approve\u00ad'])
    await rig.slack.reply(ana, card.ts, text).delivery;
  await rig.inbound().catchUp(approval);
  expect(await rig.votes(approval.id)).toEqual([]);
});
