import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { filesWith } from '../../support/at-rest.ts';
import { establishFixtureKinds } from '../../support/cluster-agent.ts';
import type { Kube, KubeObject } from '../../support/control-plane/kube.ts';
import { controlPlane, needs, testKube, testNamespace } from '../../support/control-plane/namespace.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { currentContext } from '../../support/current-context.ts';
import { createLostAnswers, type LostAnswers } from '../../support/lost-answers.ts';
import { manifest } from '../../support/manifests.ts';

const reason = 'to be lost';
let kube: Kube;
let namespace: string;
let rig: LostAnswers;

beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  kube = await testKube();
  namespace = await testNamespace();
  await establishFixtureKinds(kube, namespace);
  const kubeconfig = controlPlane().kubeconfigPath;
  const cluster = { kubeconfig, context: currentContext(kubeconfig), allow: [], namespace };
  rig = await createLostAnswers({ cluster });
});
afterAll(async () => {
  await rig.close();
  await kube.close();
});

const core = (resource: string, name: string): string => `/api/v1/namespaces/${namespace}/${resource}/${name}`;
const configMap = (name: string, data: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});
const applied = (...objects: readonly KubeObject[]) => ({
  manifest: objects.map((each) => stringify(each)).join('---\n'),
  reason,
});

/** Made by the agent itself; another run at that time could have written what is found later. */
async function made(...objects: readonly KubeObject[]): Promise<void> {
  const { approval, answer } = await rig.hold('apply', applied(...objects));
  await rig.vote(approval.id);
  expect((await answer).status).toBe('executed');
  rig.clock.step(3_600_000);
}

/** What was found out about the call that is lost here, after `meanwhile`. */
async function lost(
  where: 'before' | 'after',
  tool: string,
  input: Parameters<LostAnswers['lose']>[2],
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<{ readonly state: string; readonly why: string | undefined }> {
  const { id } = await rig.lose(where, tool, input);
  await meanwhile();
  await rig.findOut();
  const { state, reconciled, undecidable } = await rig.approvals.read(id);
  rig.clock.step(3_600_000);
  return { state, why: reconciled?.because ?? undecidable };
}

describe('apply', () => {
  it('is known by the entry of our field manager', async () => {
    expect(await lost('after', 'apply', applied(configMap('made', { a: '1' })))).toEqual({
      state: 'executed',
      why: `ConfigMap ${namespace}/made holds what was sent, by field manager countersign.`,
    });
    expect(await lost('after', 'apply', applied(configMap('made', { a: '2' })))).toMatchObject({ state: 'executed' });
    expect(await lost('before', 'apply', applied(configMap('never', { a: '1' })))).toEqual({
      state: 'unknown',
      why: `ConfigMap ${namespace}/never is not there.`,
    });
    const same = await lost('before', 'apply', applied(configMap('made', { a: '3' })));
    expect(same.state).toBe('failed');
    expect(same.why).toMatch(/is as it was before: its resourceVersion is still \d+\.$/);
  });

  it('of a Secret by its keyed values, where the owner stands under stringData or data', async () => {
    const secret = (name: string, values: object): KubeObject => ({
      ...{ apiVersion: 'v1', kind: 'Secret' },
      ...{ metadata: { name, namespace }, ...values },
    });
    const first = secret('plain', { stringData: { password: 'hunter2-hunter2' } });
    expect(await lost('after', 'apply', applied(first))).toMatchObject({ state: 'executed' });
    const second = secret('plain', { stringData: { password: 'hunter3-hunter3' } });
    // What stringData became belongs to nobody's apply, by the API server's own books.
    const changed = await lost('after', 'apply', { ...applied(second), forceConflicts: true });
    expect(changed).toMatchObject({ state: 'executed' });
    const third = {
      ...applied(secret('plain', { stringData: { password: 'hunter6-hunter6' } })),
      forceConflicts: true,
    };
    const data = { password: Buffer.from('hunter6-hunter6').toString('base64') };
    const theirs = await lost('before', 'apply', third, () => kube.patch(core('secrets', 'plain'), { data }));
    expect(theirs, 'the same value, written by somebody else').toMatchObject({ state: 'unknown' });
    const encoded = secret('encoded', { data: { password: Buffer.from('hunter4-hunter4').toString('base64') } });
    await made(encoded);
    const other = secret('encoded', { data: { password: Buffer.from('hunter5-hunter5').toString('base64') } });
    expect(await lost('after', 'apply', applied(other))).toMatchObject({ state: 'executed' });
    for (const value of ['hunter2-hunter2', 'hunter3-hunter3', 'hunter5-hunter5'])
      expect((await filesWith(rig.root, value)).found).toEqual([]);
  });

  it('of a Deployment, which the server fills with defaults and a controller writes to', async () => {
    const web = { ...manifest('deployment', namespace), metadata: { name: 'web', namespace } };
    expect(await lost('after', 'apply', applied(web))).toMatchObject({ state: 'executed' });
    const image = (tag: string): KubeObject => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: { template: { spec: { containers: [{ name: 'web', image: `registry.example/web:${tag}` }] } } },
    });
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
    const observed = (): Promise<unknown> =>
      waitUntil('the controller has written its status', async () => {
        const live = await kube.get(path);
        return live?.status?.observedGeneration === live?.metadata.generation ? live : undefined;
      });
    expect(await lost('after', 'apply', applied(image('2')), observed)).toMatchObject({ state: 'executed' });
    const scaled = await lost('before', 'apply', applied(image('3')), () =>
      kube.patch(path, { spec: { replicas: 1 } }),
    );
    expect(scaled).toEqual({
      state: 'unknown',
      why: `Deployment ${namespace}/web was changed since, and not to what was sent.`,
    });
  });

  it('is not taken for what somebody else wrote, or wrote over it', async () => {
    await made(configMap('shared', { a: '1' }));
    const path = core('configmaps', 'shared');
    const change = applied(configMap('shared', { a: '2' }));
    const theirs = await lost('before', 'apply', change, () => kube.patch(path, { data: { a: '2' } }));
    expect(theirs.why).toBe(`ConfigMap ${namespace}/shared was changed since, and not to what was sent.`);
    await made(configMap('over', { a: '1' }));
    const over = await lost('after', 'apply', applied(configMap('over', { a: '2' })), () =>
      kube.apply(core('configmaps', 'over'), configMap('over', { a: '3' }), 'other', true),
    );
    expect(over.state).toBe('unknown');
  });

  it('of a custom resource, and of several objects together', async () => {
    const gear = { ...manifest('widget', namespace), metadata: { name: 'gear', namespace } };
    const both = applied(gear, configMap('beside', { a: '1' }));
    // The second request is carried out only after the first one's answer: it was not sent.
    const part = await lost('after', 'apply', both);
    expect(part.state).toBe('unknown');
    expect(part.why).toContain(`Widget ${namespace}/gear holds what was sent`);
    expect(part.why).toContain(`ConfigMap ${namespace}/beside is not there`);
  });
});

describe('scale', () => {
  const scale = (resource: string, name: string, replicas: number) => ({ resource, name, namespace, replicas, reason });

  it('of a Deployment is known by the entry of the subresource, and by the version where nothing came', async () => {
    await made({ ...manifest('deployment', namespace), metadata: { name: 'sized', namespace } });
    expect(await lost('after', 'scale', scale('deploy', 'sized', 5))).toEqual({
      state: 'executed',
      why: `Deployment ${namespace}/sized holds what was sent, by field manager countersign.`,
    });
    await waitUntil('no controller writes to it any more', async () => {
      const live = await kube.get(`/apis/apps/v1/namespaces/${namespace}/deployments/sized`);
      return live?.status?.readyReplicas === 5 ? live : undefined;
    });
    const none = await lost('before', 'scale', scale('deploy', 'sized', 6));
    expect(none.state).toBe('failed');
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/sized`;
    const theirs = await lost('before', 'scale', scale('deploy', 'sized', 7), () =>
      kube.patch(`${path}/scale`, { spec: { replicas: 7 } }),
    );
    expect(theirs.state).toBe('unknown');
  });

  it('of a custom resource too', async () => {
    await made({ ...manifest('fleet', namespace), metadata: { name: 'vans', namespace } });
    expect(await lost('after', 'scale', scale('fleet', 'vans', 4))).toMatchObject({ state: 'executed' });
    expect(await lost('before', 'scale', scale('fleet', 'vans', 6))).toMatchObject({ state: 'failed' });
  });
});

describe('delete', () => {
  const gone = (name: string, more: object = {}) => ({ resource: 'configmap', name, namespace, reason, ...more });

  it('is known by the uid', async () => {
    await made(configMap('kept', {}), configMap('gone', {}), configMap('reborn', {}));
    const kept = await lost('before', 'delete', gone('kept'), () =>
      kube.patch(core('configmaps', 'kept'), { data: { b: '1' } }),
    );
    expect(kept.state).toBe('failed');
    expect(kept.why).toMatch(/is still there, uid [0-9a-f-]{36}, and not being deleted\.$/);
    const done = await lost('after', 'delete', gone('gone'));
    expect(done.state).toBe('executed');
    const reborn = await lost('after', 'delete', gone('reborn'), () =>
      kube.create(`/api/v1/namespaces/${namespace}/configmaps`, configMap('reborn', {})),
    );
    expect(reborn.state).toBe('executed');
  });

  it('of what a finalizer holds is known by its deletionTimestamp', async () => {
    await made(configMap('held', {}));
    const path = core('configmaps', 'held');
    await kube.patch(path, { metadata: { finalizers: ['fixtures.countersign.dev/held'] } });
    const held = await lost('after', 'delete', gone('held'));
    await kube.patch(path, { metadata: { finalizers: null } });
    expect(held).toEqual({
      state: 'executed',
      why: `ConfigMap ${namespace}/held is being deleted; the cluster does not say by whom.`,
    });
  });
});

describe('exec', () => {
  it('leaves no trace, so that a person says what became of it', async () => {
    const path = core('pods', 'shell');
    await kube.create(`/api/v1/namespaces/${namespace}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'shell' },
      spec: { containers: [{ name: 'main', image: 'registry.example/shell:1' }] },
    });
    await waitUntil('the pod runs', async () => {
      const live = await kube.get(path);
      return live?.status?.containerStatuses?.[0]?.containerID ? live : undefined;
    });
    const { id } = await rig.lose('before', 'exec', { pod: 'shell', namespace, command: ['true'], reason });
    const before = rig.types().filter((type) => type === 'OutcomeRead').length;
    await rig.findOut();
    expect(await rig.approvals.read(id)).toMatchObject({ state: 'unknown' });
    expect(rig.types().filter((type) => type === 'OutcomeRead')).toHaveLength(before);
  });
});

it('leaves a log that holds together', async () => {
  expect((await rig.verify()).faults).toEqual([]);
});
