import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import { type ClusterAgent, startClusterAgent, startPod, uniqueName } from '../support/cluster-agent.ts';
import { needs, testKube } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';

/** A Countersign that may read pods, their logs and ConfigMaps, and no Secret: nobody knows then what a program could print. */
const role = uniqueName('no-secrets');
const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
const rule = (name: string, tools: string[], more: JsonObject = {}): JsonObject => ({
  ...{ name, description: 'Everything of it flows in this test.', match: { tools }, effect: 'allow' },
  ...more,
});

let [strict, silent, reduced]: ClusterAgent[] = [];
beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  const kube = await testKube();
  await kube.create(roles, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: role },
    rules: [
      {
        apiGroups: [''],
        resources: ['pods', 'pods/log', 'configmaps', 'namespaces', 'events'],
        verbs: ['get', 'list'],
      },
      { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['get', 'list'] },
    ],
  });
  await kube.close();
  strict = await agentWith(undefined);
  silent = await agentWith([rule('all-flows', ['get', 'logs'])]);
  reduced = await agentWith([
    rule('objects-flow', ['get'], { masking: 'reduced' }),
    rule('logs-flow', ['logs'], { masking: 'reduced' }),
  ]);
});
afterAll(async () => {
  const kube = await testKube();
  await kube.delete(`${roles}/${role}`);
  await kube.close();
});

async function agentWith(rules: JsonObject[] | undefined): Promise<ClusterAgent> {
  const agent = await startClusterAgent({ role, ...(rules === undefined ? {} : { rules }) });
  await agent.kube.create(agent.path('configmaps'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'app' },
    data: { mode: 'dev', 'api-token': 'none at all', note: 'see AKIAABCDEFGHIJKLMNOP' },
  });
  const containers = [{ name: 'main', image: 'registry.example/main:1' }];
  await startPod(agent, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers } });
  return agent;
}

const map = { resource: 'configmaps', name: 'app' };
const sentence = 'Masking was reduced: the Secrets in reach could not be read';

describe('where the masker may not read Secrets', () => {
  it('a rule that does not say it shows neither logs nor objects', async () => {
    for (const [tool, input] of [
      ['get', map],
      ['get', { resource: 'pods' }],
      ['logs', { name: 'web' }],
    ] as const) {
      const answer = await silent!.call(tool, input);
      expect(answer.structured.status).toBe('masking_unavailable');
      expect(answer.text).toContain('Tell the operator: the identity of the masker needs list and watch on secrets');
      expect(JSON.stringify(answer)).not.toContain('none at all');
    }
  });

  it('a rule that says it shows both, says so itself, and hides by place and form', async () => {
    const answer = await reduced!.call('get', map);
    expect(answer.structured).toMatchObject({ status: 'ok', masking: 'reduced' });
    expect(answer.text).toContain(sentence);
    const [object] = answer.structured.objects as readonly { data: JsonObject }[];
    expect(object?.data).toEqual({
      mode: 'dev',
      'api-token': '[masked ConfigMap app/api-token]',
      note: 'see [masked AWS key id]',
    });
    const log = await reduced!.call('logs', { name: 'web' });
    expect(log.structured).toMatchObject({ status: 'ok', masking: 'reduced' });
    expect(log.text).toContain(sentence);
  });

  it('the audit log has it', async () => {
    // The outcome of a read is written behind its answer.
    const lines = await waitUntil('both reads are in the log', async () => {
      const executed = (await reduced!.audit()).filter(({ type }) => type === 'Executed');
      return executed.length >= 2 && executed;
    });
    expect(lines.map(({ tool, masking }) => `${tool} ${masking}`)).toEqual(['get reduced', 'logs reduced']);
  });

  it('the strict bundle says it for objects and not for what programs print', async () => {
    expect((await strict!.call('get', map)).structured).toMatchObject({ status: 'ok', masking: 'reduced' });
    expect((await strict!.call('logs', { name: 'web' })).structured.status).toBe('masking_unavailable');
  });
});
