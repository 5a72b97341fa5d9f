import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { seal } from '../../../../src/domain/seal.ts';
import { oneOfSre } from '../../../support/approvals.ts';
import { createSlackRig, type SlackRig, type SlackRigOptions, slackUsers } from '../../../support/slack-rig.ts';

const rigs: SlackRig[] = [];
const start = async (options: SlackRigOptions = {}): Promise<SlackRig> => {
  const rig = await createSlackRig(options);
  rigs.push(rig);
  return rig;
};
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.end();
});

const look = async ({ first }: SlackRig): Promise<void> => {
  first.keeper.wake();
  await first.keeper.turn();
};
const until = (holds: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(holds()).toBe(true), { timeout: 8_000, interval: 5 });
const text = (message: object): string => JSON.stringify(message);
const ids = (message: { readonly blocks?: readonly object[] }): readonly string[] =>
  (message.blocks ?? [])
    .flatMap((block) => ('elements' in block ? (block.elements as { action_id?: string }[]) : []))
    .flatMap(({ action_id }) => action_id ?? []);
const big = {
  summary: seal('Deployment shop/web, 400 changes'),
  risks: [],
  diff: seal(Array.from({ length: 400 }, (_, n) => `  spec.some.path.number${n}: old -> new`).join('\n')),
  reason: seal('many things'),
};

describe('one message an approval', () => {
  it('is posted once, mentions the group, and follows the votes', async () => {
    const rig = await start();
    const { id } = await rig.ask();
    await look(rig);
    expect(text(rig.card(id))).toContain('<!subteam^S0SRE00001>');
    expect(ids(rig.card(id))).toEqual(['approve', 'deny', 'diff']);
    expect(text(rig.card(id))).toContain('0 of 1 · agent is not waiting');
    await rig.vote(id, 'ana');
    rig.rig.clock.step(5_000);
    await look(rig);
    expect(text(rig.card(id))).toContain(`1 of 1: <@${slackUsers.ana}>`);
    expect(ids(rig.card(id))).toEqual(['deny', 'diff']);
    expect(rig.slack.cards()).toHaveLength(1);
    expect(rig.slack.directMessages(slackUsers.li).map(({ text: said }) => said)[0]).toContain(
      'your agent is not waiting',
    );
  });

  it('ends with its outcome as header, no buttons, one line in the thread, and a word to the person behind the agent', async () => {
    const rig = await start();
    const { id } = await rig.ask();
    await look(rig);
    await rig.vote(id, 'ana', 'deny', 'Not during the *sale* <!channel>');
    await look(rig);
    await look(rig);
    const card = rig.card(id);
    expect(text(card)).toContain('Denied: apply 1 object in shop-prod');
    expect(ids(card)).toEqual([]);
    const replies = rig.slack.replies(card.ts);
    expect(replies).toHaveLength(1);
    expect(replies[0]?.text).toContain('Not during the \\u{2a}sale\\u{2a} &lt;!channel&gt;');
    expect(replies[0]?.text).toContain('Audit `01JD6Q8Z000000000000000000`');
    expect(rig.slack.directMessages(slackUsers.li)).toHaveLength(1);
  });

  it('says what the agent got', async () => {
    const rig = await start();
    const { id, requirement } = await rig.ask();
    await look(rig);
    await rig.vote(id, 'ana');
    await rig.first.approvals.claim(id, requirement);
    await look(rig);
    expect(text(rig.card(id))).toContain('Running: apply');
    await rig.first.approvals.settle(id, 'succeed', { message: 'Applied 1 of 1.\nmore' });
    await look(rig);
    expect(text(rig.card(id))).toContain('Executed: apply');
    const said = rig.slack.replies(rig.card(id).ts).map((each) => each.text);
    expect(said).toEqual([expect.stringContaining('“Applied 1 of 1.” Audit')]);
  });

  it('shows Approve only once the whole diff is in the thread', async () => {
    const rig = await start();
    rig.slack.refuse(1, 'internal_error', 'files.getUploadURLExternal');
    const { id } = await rig.ask({ card: big });
    await look(rig);
    expect(ids(rig.card(id))).toEqual(['deny', 'diff']);
    expect((await rig.first.ledger.read(id))?.approvable).toBe(false);
    rig.rig.clock.step(2_000);
    await look(rig);
    expect(ids(rig.card(id))).toEqual(['approve', 'deny', 'diff']);
    const [file] = rig.slack.files();
    expect(file?.thread).toBe(rig.card(id).ts);
    expect(file?.content).toContain('spec.some.path.number399: old -> new');
    expect(text(rig.card(id))).toContain('400 changes in 1 object; the whole diff is in the thread');
  });

  it('has no Approve button where the code must be typed', async () => {
    const rig = await start();
    const { id } = await rig.ask({ requirement: { ...oneOfSre, confirmCode: true } });
    await look(rig);
    expect(ids(rig.card(id))).toEqual(['deny', 'diff']);
    expect(text(rig.card(id))).toContain(`reply in the thread: \`approve ${id}\``);
  });

  it('reminds once at half time, and asks the other group when it is time', async () => {
    const rig = await start();
    const escalation = [{ afterSeconds: 600, group: 'security' }];
    const { id } = await rig.ask({ requirement: { ...oneOfSre, escalation } });
    await look(rig);
    const said = (): readonly string[] => rig.slack.replies(rig.card(id).ts).map((each) => each.text);
    expect(said()).toEqual([]);
    rig.rig.clock.step(451_000);
    await rig.first.settle(5);
    expect(said()).toEqual([expect.stringContaining('Half of the time is over')]);
    rig.rig.clock.step(150_000);
    await rig.first.settle(5);
    expect(said().slice(1)).toEqual([
      expect.stringMatching(/^<@U0BO000001> <@U0CY000001> .*`security` may approve it too/),
    ]);
    rig.rig.clock.step(600_000);
    await rig.first.settle(5);
    expect(text(rig.card(id))).toContain('Expired, not executed: apply');
    expect(said()).toHaveLength(3);
  });

  it('mentions nobody where the configuration says so', async () => {
    const rig = await start({ mention: false });
    const { id } = await rig.ask();
    await look(rig);
    expect(text(rig.card(id))).not.toContain('subteam');
  });
});

describe('nothing is lost and nothing doubled', () => {
  it('finds the message again whose answer was lost', async () => {
    const rig = await start();
    rig.slack.dropAnswers(1, 'chat.postMessage');
    const { id } = await rig.ask();
    await rig.first.settle(10);
    expect(rig.card(id)).toBeDefined();
    expect((await rig.first.ledger.read(id))?.ts).toBe(rig.card(id).ts);
    // Somebody may have replied before it was known here.
    expect(rig.first.caughtUp).toEqual([id]);
    await rig.vote(id, 'ana', 'deny');
    rig.slack.dropAnswers(1, 'chat.postMessage');
    await rig.first.settle(10);
    expect(rig.slack.replies(rig.card(id).ts)).toHaveLength(1);
  });

  it('does not post the file twice whose answer was lost', async () => {
    const rig = await start();
    rig.slack.dropAnswers(1, 'files.completeUploadExternal');
    const { id } = await rig.ask({ card: big });
    await rig.first.settle(10);
    expect(rig.slack.files()).toHaveLength(1);
    expect(ids(rig.card(id))).toContain('approve');
  });

  it('delivers what happened while Slack was down', async () => {
    const rig = await start();
    const { id } = await rig.ask();
    await look(rig);
    rig.slack.down();
    await rig.vote(id, 'ana', 'deny', 'no');
    const later = await rig.ask();
    await rig.first.settle(20);
    rig.slack.up();
    await rig.first.settle(60);
    expect(text(rig.card(id))).toContain('Denied: apply');
    expect(rig.slack.replies(rig.card(id).ts)).toHaveLength(1);
    expect(ids(rig.card(later.id))).toContain('approve');
  });

  it('waits as long as Slack asks, and goes on with what is not limited', async () => {
    const rig = await start();
    const { id } = await rig.ask();
    await look(rig);
    rig.slack.rateLimit(1, 30, 'chat.postMessage');
    const later = await rig.ask();
    await look(rig);
    await rig.vote(id, 'bo');
    await rig.first.settle(20);
    expect(rig.slack.cards()).toHaveLength(1);
    expect(text(rig.card(id))).toContain('1 of 1');
    await rig.first.settle(20);
    expect(ids(rig.card(later.id))).toContain('approve');
  });

  it('goes on in another process when the holder dies, and in none while it lives', async () => {
    const rig = await start();
    const second = await rig.another();
    const { id } = await rig.ask();
    await look(rig);
    await second.settle(3);
    expect(second.connected.starts).toBe(0);
    await rig.vote(id, 'ana', 'deny');
    await rig.first.die();
    await second.settle(3);
    expect(text(rig.card(id))).toContain('Denied: apply');
    expect(rig.slack.cards()).toHaveLength(1);
  });

  it('is taken over within two looks, a second apart, by its own clock', async () => {
    const rig = await start();
    const second = await rig.another();
    const { id } = await rig.ask();
    await look(rig);
    await second.settle(1);
    await rig.vote(id, 'ana', 'deny');
    await rig.first.die();
    // The channel looks each second: two turns of the keeper are two seconds of the clock.
    const began = rig.rig.clock.now();
    await second.settle(2);
    expect(rig.rig.clock.now() - began).toBe(2_000);
    expect(text(rig.card(id))).toContain('Denied: apply');
  });

  it('gives it back when it stops', async () => {
    const rig = await start();
    const second = await rig.another();
    await look(rig);
    await rig.first.keeper.stop();
    const { id } = await rig.ask();
    await second.settle(1);
    expect(ids(rig.card(id))).toContain('approve');
  });

  it('stops soon where Slack hangs, and keeps what it holds until its process ends', async () => {
    const rig = await start();
    const second = await rig.another();
    await rig.ask();
    rig.slack.delay(4_000, 'chat.postMessage');
    rig.first.keeper.wake();
    await until(() => rig.slack.calls.some(({ method }) => method === 'chat.postMessage'));
    await rig.first.keeper.stop();
    await second.settle(1);
    expect(second.connected.starts).toBe(0);
    rig.slack.delay(0, 'chat.postMessage');
    await rig.first.die();
    await second.settle(10);
    expect(rig.slack.cards()).toHaveLength(1);
  });

  it('asks again where somebody deleted the message', async () => {
    const rig = await start();
    const { id } = await rig.ask();
    await look(rig);
    await rig.slack.remove(rig.card(id).ts);
    await rig.vote(id, 'ana');
    await rig.first.settle(10);
    await rig.vote(id, 'ana', 'undo');
    await rig.first.settle(10);
    expect(ids(rig.card(id))).toContain('approve');
  });

  it('looks in Slack before it posts where its own file cannot be read', async () => {
    const rig = await start();
    const { id } = await rig.ask();
    await look(rig);
    await writeFile(join(rig.rig.root, 'slack-posted', `${id}.json`), '{"version":1,');
    await rig.vote(id, 'ana');
    await rig.first.settle(10);
    expect(text(rig.card(id))).toContain('1 of 1');
  });

  const many = process.env.COUNTERSIGN_SOAK === undefined ? 60 : 500;
  it(`takes ${many} at once, limits and all`, async () => {
    const rig = await start();
    for (let n = 0; n < many; n++) await rig.ask();
    rig.slack.rateLimit(3, 10, 'chat.postMessage');
    await rig.first.settle(40);
    expect(rig.slack.cards()).toHaveLength(many);
    expect(new Set(rig.slack.cards().map(({ metadata }) => JSON.stringify(metadata))).size).toBe(many);
  }, 240_000);

  it('connects only while something is open, and a little longer', async () => {
    const rig = await start();
    await look(rig);
    expect(rig.first.connected).toEqual({ starts: 0, stops: 1 });
    const { id } = await rig.ask();
    await look(rig);
    expect(rig.first.connected.starts).toBe(1);
    await rig.vote(id, 'ana', 'deny');
    await look(rig);
    expect(rig.first.connected.stops).toBe(1);
    rig.rig.clock.step(61_000);
    await look(rig);
    expect(rig.first.connected.stops).toBe(2);
  });
});
