import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { open } from '../../src/domain/masked.ts';
import type { ToolResult } from '../../src/transport/client.ts';
import { withoutIds } from '../support/alike.ts';
import { type ClusterAgent, startClusterAgent } from '../support/cluster-agent.ts';
import type { KubeObject } from '../support/control-plane/kube.ts';
import { manifest } from '../support/manifests.ts';

const reason = 'who owns what';
let agent: ClusterAgent;
beforeAll(async () => {
  agent = await startClusterAgent();
});

const seen = (answer: ToolResult): string => withoutIds(answer);

describe('a Secret whose field another manager owns', () => {
  const right = 'the-right-value';
  const guess = (value: string, name = 'owned') =>
    stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { key: value } });
  const encoded = (value: string, name = 'owned') =>
    stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      data: { key: Buffer.from(value).toString('base64') },
    });

  beforeAll(async () => {
    const data = { key: Buffer.from(right).toString('base64') };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'owned' }, data };
    await agent.kube.apply(agent.path('secrets', 'owned'), secret, 'vault-sync');
  });

  it.each([
    ['stringData', guess],
    ['data', encoded],
  ])(
    'answers a right and a wrong guess in %s alike, whether planned only or meant, forced or not',
    async (_, write) => {
      for (const more of [
        { dryRun: true },
        {},
        { dryRun: true, forceConflicts: true },
        { dryRun: true, prune: true },
      ]) {
        const answers = [];
        for (const value of [right, 'a-wrong-value!!', 'x', right])
          answers.push(seen(await agent.call('apply', { manifest: write(value), reason, ...more })));
        expect(new Set(answers).size, answers.join('\n---\n')).toBe(1);
        expect(answers[0]).not.toContain(right);
        if (!('forceConflicts' in more)) {
          expect(answers[0]).toContain('"status":"conflict"');
          expect(answers[0]).toContain('vault-sync');
        }
      }
      expect((await agent.kube.get(agent.path('secrets', 'owned')))?.metadata.managedFields).toHaveLength(1);
    },
  );

  it('held with force and withdrawn, alike too', async () => {
    const answers = [];
    for (const value of [right, 'a-wrong-value!!']) {
      const { approval, answer } = await agent.hold('apply', { manifest: guess(value), forceConflicts: true, reason });
      const status = await agent.call('approval', { id: approval.id, action: 'status' });
      await agent.call('approval', { id: approval.id, action: 'withdraw' });
      answers.push(seen(status) + seen(await answer));
    }
    expect(answers[0]).toBe(answers[1]);
  });

  it('that nobody else owns, and a key that is not there yet, alike as well', async () => {
    const created = await agent.approved('apply', { manifest: guess(right, 'ours'), reason });
    expect(created.structured.status, created.text).toBe('executed');
    const answers = [];
    for (const value of [right, 'a-wrong-value!!'])
      answers.push(seen(await agent.call('apply', { manifest: guess(value, 'ours'), dryRun: true, reason })));
    expect(answers[0]).toBe(answers[1]);
  });
});

describe('a Deployment that kubectl apply made', () => {
  /** As kubectl's client-side apply leaves it: its manager, an Update, and what it sent in an annotation. */
  async function kubectlApply(name: string): Promise<KubeObject> {
    const object = { ...manifest('deployment', agent.namespace) };
    object.metadata = { ...object.metadata, name };
    const last = { ...object, metadata: { annotations: {}, ...object.metadata } };
    object.metadata.annotations = { 'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(last)}\n` };
    return agent.kube.create(`${agent.path('deployments')}?fieldManager=kubectl-client-side-apply`, object);
  }
  const imageChange = (name: string): string =>
    stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: { template: { spec: { containers: [{ name: 'web', image: 'registry.example/web:1.4.2' }] } } },
    });

  it('takes a change of its image alone without force, and keeps all the rest', async () => {
    const before = await kubectlApply('made-by-kubectl');
    expect(before.metadata.managedFields[0]).toMatchObject({
      manager: 'kubectl-client-side-apply',
      operation: 'Update',
    });
    const answer = await agent.approved('apply', { manifest: imageChange('made-by-kubectl'), reason });
    expect(answer.structured.status, answer.text).toBe('executed');
    expect(answer.text).toContain('registry.example/web:1.4.1 -> registry.example/web:1.4.2');
    const after = await agent.kube.get(agent.path('deployments', 'made-by-kubectl'));
    const { image: _, ...container } = before.spec.template.spec.containers[0];
    const { image, ...same } = after?.spec.template.spec.containers[0] ?? {};
    expect(image).toBe('registry.example/web:1.4.2');
    expect(same).toEqual(container);
    expect({ ...after?.spec, template: 0 }).toEqual({ ...before.spec, template: 0 });
  });

  it('tells the approver and the agent whose field it takes', async () => {
    await kubectlApply('taken-over');
    const { approval, answer } = await agent.hold('apply', { manifest: imageChange('taken-over'), reason });
    const card = `${[...approval.card.risks, ...(approval.card.notes ?? [])].map(open).join('\n')}\n${open(approval.card.diff)}`;
    await agent.vote(approval.id, 'ana@example.com', 'approve');
    expect(card).toContain('kubectl-client-side-apply');
    expect((await answer).text).toContain('kubectl-client-side-apply');
  });
});

describe('what an earlier apply of ours set', () => {
  const settings = (data: Record<string, string>): string =>
    stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'partial' }, data });
  const data = async () => (await agent.kube.get(agent.path('configmaps', 'partial')))?.data;

  it('stays when a later one omits it, and the answer says so', async () => {
    await agent.approved('apply', { manifest: settings({ a: '1', b: '1' }), reason });
    const answer = await agent.approved('apply', { manifest: settings({ a: '2' }), reason });
    expect(answer.structured.status, answer.text).toBe('executed');
    expect(await data()).toEqual({ a: '2', b: '1' });
    expect(answer.text).toContain('data.b: not in the manifest, stays as it is');
  });

  it('goes with prune, and approver and agent are told', async () => {
    const { approval, answer } = await agent.hold('apply', { manifest: settings({ a: '2' }), prune: true, reason });
    expect(approval.card.notes?.map(open).join('\n')).toMatch(/removes data\.b/);
    await agent.vote(approval.id, 'ana@example.com', 'approve');
    const done = await answer;
    expect(done.structured.status, done.text).toBe('executed');
    expect(done.text).toMatch(/data\.b: .*removed/);
    expect(await data()).toEqual({ a: '2' });
  });

  it('of somebody else is a conflict that asks nobody, and forceConflicts takes it over and says so to both', async () => {
    const theirs = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'partial' }, data: { theirs: '1' } };
    await agent.kube.apply(agent.path('configmaps', 'partial'), theirs, 'hpa-controller');
    const conflict = await agent.call('apply', { manifest: settings({ theirs: '2' }), reason });
    expect(conflict.structured).toMatchObject({
      status: 'conflict',
      conflicts: [{ path: 'data.theirs', manager: 'hpa-controller' }],
    });
    expect(conflict.text).toContain('Conflict, nobody was asked: 1 field');
    expect(conflict.text).toContain('data.theirs: hpa-controller; now 1, yours 2');
    expect(conflict.text).toContain('"forceConflicts":true');
    const { approval, answer } = await agent.hold('apply', {
      manifest: settings({ theirs: '2' }),
      forceConflicts: true,
      reason,
    });
    expect(approval.card.notes?.map(open).join('\n')).toContain('takes data.theirs from hpa-controller');
    await agent.vote(approval.id, 'ana@example.com', 'approve');
    const done = await answer;
    expect(done.structured.status, done.text).toBe('executed');
    expect(done.text).toContain('data.theirs: taken over from hpa-controller');
    expect(await data()).toEqual({ a: '2', theirs: '2' });
  });
});
