import { afterEach, beforeEach, expect, it } from 'vitest';
import { filesWith } from '../../../support/at-rest.ts';
import { configMap } from '../../../support/gate.ts';
import { createLostAnswers, type LostAnswers } from '../../../support/lost-answers.ts';

let rig: LostAnswers;
beforeEach(async () => {
  rig = await createLostAnswers();
});
afterEach(() => rig.close());

const path = '/api/v1/namespaces/shop/configmaps';
const apply = (name: string, value = '1') => ({ manifest: configMap(name, value), reason: 'to be lost' });

/** Made by the agent itself, so that our field manager has it before. */
async function made(name: string): Promise<void> {
  const { approval, answer } = await rig.hold('apply', apply(name));
  await rig.vote(approval.id);
  expect((await answer).status).toBe('executed');
  // Another run at that time could have written what is found later.
  rig.clock.step(3_600_000);
}

const stateOf = async (id: string): Promise<string> => (await rig.approvals.read(id)).state;

it('finds out that a create was carried out whose answer was lost, and tells the agent', async () => {
  const { id } = await rig.lose('after', 'apply', apply('a'));
  await rig.findOut();
  expect(await rig.approvals.read(id)).toMatchObject({
    state: 'executed',
    reconciled: {
      command: 'succeed',
      by: undefined,
      because: 'ConfigMap shop/a holds what was sent, by field manager countersign.',
    },
  });
  const answer = await rig.call('approval', { id });
  expect(answer).toMatchObject({ status: 'executed', data: { approval: { id, state: 'executed' } } });
  expect(answer.message).toContain(
    'Executed, as Countersign found out since by reading the cluster: "ConfigMap shop/a',
  );
  expect(answer.next).toContain('do not send it again');
  expect((await rig.verify()).faults).toEqual([]);
});

it('leaves a create that is not there to a person: it may have been made and removed', async () => {
  const { id } = await rig.lose('before', 'apply', apply('a'));
  await rig.findOut();
  expect(await rig.approvals.read(id)).toMatchObject({
    state: 'unknown',
    undecidable: 'ConfigMap shop/a is not there.',
  });
  const answer = await rig.call('approval', { id });
  expect(answer.status).toBe('unknown');
  expect(answer.message).toContain('which does not tell: "ConfigMap shop/a is not there.". A person has to say');
});

it('finds out that an update was carried out, or was not', async () => {
  await made('a');
  const done = await rig.lose('after', 'apply', apply('a', '2'));
  await rig.findOut();
  expect(await stateOf(done.id)).toBe('executed');
  rig.clock.step(3_600_000);
  const lost = await rig.lose('before', 'apply', apply('a', '3'));
  await rig.findOut();
  const { state, reconciled } = await rig.approvals.read(lost.id);
  expect(state).toBe('failed');
  expect(reconciled?.because).toMatch(/^ConfigMap shop\/a is as it was before: its resourceVersion is still \d+\.$/);
  const answer = await rig.call('approval', { id: lost.id });
  expect(answer.status).toBe('failed');
  expect(answer.message).toContain('Not executed, as Countersign found out');
});

it('does not take the same change by somebody else for its own', async () => {
  await made('a');
  const { id } = await rig.lose('before', 'apply', apply('a', '2'));
  expect((await rig.kube('PATCH', `${path}/a`, { data: { key: '2' } })).status).toBe(200);
  await rig.findOut();
  expect(await rig.approvals.read(id)).toMatchObject({
    state: 'unknown',
    undecidable: 'ConfigMap shop/a was changed since, and not to what was sent.',
  });
});

it('does not take the same change by another run of its own for this one', async () => {
  await made('a');
  const { id } = await rig.lose('before', 'apply', apply('a', '2'));
  const other = await rig.hold('apply', { ...apply('a', '2'), forceConflicts: true });
  await rig.vote(other.approval.id);
  expect((await other.answer).status).toBe('executed');
  await rig.findOut();
  const { state, undecidable } = await rig.approvals.read(id);
  expect(state).toBe('unknown');
  expect(undecidable).toContain('Another run here was to change it at that time.');
});

it('leaves an object that was made anew under the name to a person', async () => {
  await made('a');
  const { id } = await rig.lose('before', 'apply', apply('a', '2'));
  await rig.kube('DELETE', `${path}/a`);
  await rig.kube('POST', path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { key: '2' } });
  await rig.findOut();
  expect((await rig.approvals.read(id)).undecidable).toBe('ConfigMap shop/a is another object of that name by now.');
});

it('finds out what became of a delete by the uid', async () => {
  await made('a');
  const kept = await rig.lose('before', 'delete', { resource: 'configmap', name: 'a', reason: 'to be lost' });
  await rig.kube('PATCH', `${path}/a`, { data: { key: 'changed meanwhile' } });
  await rig.findOut();
  expect(await rig.approvals.read(kept.id)).toMatchObject({ state: 'failed' });
  rig.clock.step(3_600_000);
  const gone = await rig.lose('after', 'delete', { resource: 'configmap', name: 'a', reason: 'to be lost again' });
  await rig.kube('POST', path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
  await rig.findOut();
  expect(await stateOf(gone.id)).toBe('executed');
});

it('finds out what became of a scale, unless it changed nothing', async () => {
  const deployment = { resource: 'deploy', name: 'web', namespace: 'shop' };
  const scale = (replicas: number) => ({ ...deployment, replicas, reason: 'to be lost' });
  const live = await rig.kube('GET', '/apis/apps/v1/namespaces/shop/deployments/web');
  const replicas = Number((live.body.spec as { replicas: number }).replicas);
  const lost = await rig.lose('before', 'scale', scale(replicas + 1));
  await rig.findOut();
  expect(await stateOf(lost.id)).toBe('failed');
  const same = await rig.lose('before', 'scale', scale(replicas));
  await rig.findOut();
  expect((await rig.approvals.read(same.id)).undecidable).toContain('would be in either case');
});

it('leaves what was done in part to a person, and says of each object what it saw', async () => {
  await made('b');
  const manifest = `${configMap('a', '2')}---\n${configMap('b', '2')}`;
  const { id } = await rig.lose('after', 'apply', { manifest, reason: 'two' });
  await rig.findOut();
  const { state, undecidable } = await rig.approvals.read(id);
  expect(state).toBe('unknown');
  expect(undecidable).toContain('ConfigMap shop/a holds what was sent');
  expect(undecidable).toContain('ConfigMap shop/b is as it was before');
});

it('knows a hidden value by its token, and shows none', async () => {
  const secret = (value: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: shop }\nstringData: { password: ${value} }\n`;
  const { id } = await rig.lose('after', 'apply', { manifest: secret('hunter2-hunter2'), reason: 'a secret' });
  await rig.findOut();
  expect(await stateOf(id)).toBe('executed');
  const { looked, found } = await filesWith(rig.root, 'hunter2-hunter2');
  expect([looked > 3, found]).toEqual([true, []]);
});

it('does not look before the API server has let go of it, and waits where nothing can be read', async () => {
  const { id } = await rig.lose('after', 'apply', apply('a'));
  await rig.findOut(89_000);
  expect(rig.types()).not.toContain('OutcomeRead');
  rig.down = true;
  await rig.findOut(2_000);
  expect(await rig.approvals.read(id)).toMatchObject({ state: 'unknown', undecidable: undefined });
  rig.down = false;
  await rig.findOut(1_000);
  expect(await stateOf(id), 'it is tried again after a pause').toBe('unknown');
  await rig.findOut(30_000);
  expect(await stateOf(id)).toBe('executed');
});

it('writes its reading down, then what it found, and looks once', async () => {
  const { id, invocation } = await rig.lose('after', 'apply', apply('a'));
  const before = rig.events.length;
  await rig.findOut();
  await rig.findOut();
  expect(rig.events.slice(before).map(({ type }) => type)).toEqual(['OutcomeRead', 'Reconciled']);
  const [read, line] = rig.events.slice(before);
  expect(read?.fields).toMatchObject({ approval: id, auditIds: expect.any(Number) });
  expect(read?.fields.auditIds).toBeGreaterThan(1);
  expect(line).toMatchObject({ invocation, fields: { approval: id, state: 'executed' } });
  expect(line?.fields.by).toEqual(expect.stringMatching(/^[0-9a-z]{12}$/));
  expect(rig.writes(), 'nothing is sent again').toHaveLength(1);
});
