import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGateRig, type GateRig } from '../support/gate.ts';
import { expectAlike, right, wrong } from '../support/guesses.ts';

/** An agent applies a guess at what a Secret holds: neither "no change" nor a conflict nor anything else says whether it is right. */
let rig: GateRig;
beforeEach(async () => {
  rig = await createGateRig();
  // Kinds are asked for once.
  await rig.call('apply', { manifest: guess(wrong), forceConflicts: true, dryRun: true, reason: 'to warm up' });
});
afterEach(() => rig.close());

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const guess = (value: string, name = 'db', how: 'data' | 'stringData' = 'data') =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'shop' },
    ...(how === 'data' ? { data: { password: base64(value) } } : { stringData: { password: value } }),
  });
/** What the log says of the calls since. */
const logged = (since: number) =>
  rig.events.slice(since).map(({ type, fields: { resourceVersion: _, ...fields } }) => ({ type, ...fields }));

async function both(input: (value: string) => object) {
  const answers = [];
  for (const value of [right, wrong]) {
    const since = rig.events.length;
    const answer = await rig.call('apply', { reason: 'to guess', ...input(value) } as never);
    answers.push({ answer, logged: logged(since) });
  }
  expectAlike(answers[0], answers[1]);
  return answers[0]?.answer;
}

describe('a guess at a Secret, right or wrong, reads alike', () => {
  it.each(['data', 'stringData'] as const)('where somebody else owns it: %s', async (how) => {
    const answer = await both((value) => ({ manifest: guess(value, 'db', how), dryRun: true }));
    expect(answer?.status).toBe('conflict');
    const forced = await both((value) => ({ manifest: guess(value, 'db', how), dryRun: true, forceConflicts: true }));
    expect(forced?.status).toBe('dry_run');
    expect(forced?.text).toContain('data.password: [masked]');
  });

  it('where our own earlier call set it', async () => {
    const { approval, answer } = await rig.hold('apply', {
      manifest: guess(right, 'own'),
      reason: 'to own',
    });
    await rig.vote(approval.id);
    expect((await answer).status).toBe('executed');
    const dry = await both((value) => ({ manifest: guess(value, 'own'), dryRun: true }));
    expect(dry?.status).toBe('dry_run');
  });

  it('while it waits and when it was done', async () => {
    const outcomes = [];
    for (const [name, value] of [
      ['guess-a', right],
      ['guess-b', wrong],
    ] as const) {
      await rig.kube('POST', '/api/v1/namespaces/shop/secrets', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name },
        data: { password: base64(right) },
      });
      const since = rig.events.length;
      const input = { manifest: guess(value, name), forceConflicts: true, reason: 'to guess' };
      const pending = await rig.call('apply', input, { waitBudget: 0 });
      expect(pending.status).toBe('approval_pending');
      const { id } = pending.data.approval as { id: string };
      await rig.vote(id);
      const done = await rig.call('approval', { id });
      expect(done.status).toBe('executed');
      outcomes.push(JSON.parse(JSON.stringify({ pending, done, logged: logged(since) }).replaceAll(name, 'guess')));
    }
    expectAlike(outcomes[0], outcomes[1]);
  });
});
