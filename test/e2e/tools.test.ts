import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type ClusterAgent, establishFixtureKinds, startClusterAgent, startPod } from '../support/cluster-agent.ts';
import { needs } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { manifest } from '../support/manifests.ts';

const reason = 'to see that it works';
const password = 'correct-horse-battery-staple';

let agent: ClusterAgent;
beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  agent = await startClusterAgent();
  const { kube, namespace } = agent;
  await establishFixtureKinds(kube, namespace);
  await kube.create(agent.path('secrets'), manifest('secret', namespace));
  await kube.create(agent.path('deployments'), manifest('deployment', namespace));
  await kube.create(agent.path('fleets'), manifest('fleet', namespace));
  await startPod(agent, podWithSecret());
  for (const n of [1, 2, 3, 4, 5])
    await kube.create(agent.path('configmaps'), {
      ...manifest('configmap', namespace),
      metadata: { name: `page-${n}`, labels: { list: 'pages' } },
    });
});

const podWithSecret = () => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'shell' },
  spec: {
    containers: [
      {
        name: 'shell',
        image: 'registry.example/shell:1',
        env: [{ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }],
      },
    ],
  },
});

const live = (resource: string, name: string) => agent.kube.get(agent.path(resource, name));

describe('get', () => {
  it('shows a table of the columns that matter, and more of them when wide', async () => {
    const table = await agent.call('get', { resource: 'pods' });
    expect(table.structured).toMatchObject({ status: 'ok', cluster: 'test' });
    expect(table.text).toMatch(/NAME +READY +STATUS/);
    expect(table.text).toMatch(/shell +1\/1 +Running/);
    expect(table.text).not.toContain('NODE');
    const wide = await agent.call('get', { resource: 'po', output: 'wide' });
    expect(wide.text).toMatch(/NODE/);
  });

  it('names objects, as text and structured', async () => {
    const names = await agent.call('get', { resource: 'configmaps', selector: 'list=pages', output: 'name' });
    expect(names.structured.names).toEqual(['page-1', 'page-2', 'page-3', 'page-4', 'page-5']);
    expect(names.text).toContain('page-5');
  });

  it('gives one object as json without what the server keeps for itself, and only the fields that were asked for', async () => {
    const whole = await agent.call('get', { resource: 'deployment', name: 'web' });
    expect(whole.structured).toMatchObject({ status: 'ok', objects: [{ kind: 'Deployment', spec: { replicas: 2 } }] });
    expect(whole.text).not.toContain('managedFields');
    const some = await agent.call('get', {
      resource: 'deploy',
      name: 'web',
      fields: ['spec.replicas', 'metadata.name'],
    });
    expect(some.structured.objects).toEqual([{ metadata: { name: 'web' }, spec: { replicas: 2 } }]);
  });

  it('gives yaml, and describes with events', async () => {
    const yaml = await agent.call('get', { resource: 'deploy', name: 'web', output: 'yaml' });
    expect(yaml.text).toContain('\n  replicas: 2\n');
    const described = await waitUntil('the pod has an event', async () => {
      const answer = await agent.call('get', { resource: 'pod', name: 'shell', output: 'describe' });
      return answer.text.includes('Scheduled') ? answer : undefined;
    });
    expect(described.text).toContain('Events:');
    expect(described.structured.events).toContain('Scheduled');
  });

  it.each(['json', 'yaml', 'table', 'wide', 'describe'])('masks a Secret as %s', async (output) => {
    const secret = await agent.call('get', { resource: 'secret', name: 'db', output });
    const seen = secret.text + JSON.stringify(secret.structured);
    expect(secret.structured.status).toBe('ok');
    expect(seen).not.toContain(password);
    expect(seen).not.toContain(Buffer.from(password).toString('base64'));
    if (output === 'json' || output === 'yaml') {
      expect(seen).toContain('[masked Secret db/password]');
      expect(seen).toContain('2 values masked');
    }
  });

  it('pages by a short cursor until everything was seen once', async () => {
    const seen: unknown[] = [];
    let cursor: unknown;
    do {
      const page = await agent.call('get', {
        resource: 'configmaps',
        selector: 'list=pages',
        output: 'name',
        limit: 2,
        ...(typeof cursor === 'string' ? { continue: cursor } : {}),
      });
      expect(page.structured.status).toBe('ok');
      seen.push(...(page.structured.names as unknown[]));
      cursor = page.structured.continue;
      if (typeof cursor === 'string') {
        expect(cursor.length).toBeLessThan(16);
        expect(page.text).toContain(`"continue":"${cursor}"`);
      }
    } while (typeof cursor === 'string');
    expect(seen).toEqual(['page-1', 'page-2', 'page-3', 'page-4', 'page-5']);
  });

  it('says what is near when the name is wrong, and that a namespace is not there', async () => {
    const wrong = await agent.call('get', { resource: 'deploy', name: 'wbe' });
    expect(wrong.structured.status).toBe('not_found');
    expect(wrong.text).toContain('Not found: Deployment "wbe"');
    expect(wrong.text).toMatch(/Close: web\b/);
    const nowhere = await agent.call('get', { resource: 'pods', namespace: 'no-such-namespace' });
    expect(nowhere.text).toContain('Namespace no-such-namespace does not exist');
  });
});

describe('apply', () => {
  const settings = (mode: string) =>
    stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { mode } });

  it('denied, creates nothing', async () => {
    const answer = await agent.denied('apply', { manifest: settings('a'), reason }, 'not today');
    expect(answer.structured.status).toBe('denied');
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain('Denied by ana@example.com');
    expect(answer.text).toContain('"not today"');
    expect(await live('configmaps', 'applied')).toBeUndefined();
  });

  it('approved, creates; and after that changes', async () => {
    const created = await agent.approved('apply', { manifest: settings('b'), reason });
    expect(created.text).toContain('ConfigMap');
    expect(created.structured).toMatchObject({
      status: 'executed',
      changes: [{ object: `ConfigMap/${agent.namespace}/applied`, result: 'created' }],
    });
    expect((await live('configmaps', 'applied'))?.data).toEqual({ mode: 'b' });
    const changed = await agent.approved('apply', { manifest: settings('c'), reason });
    expect(changed.structured).toMatchObject({ status: 'executed', changes: [{ result: 'configured' }] });
    expect(changed.text).toContain('data.mode: b -> c');
    expect((await live('configmaps', 'applied'))?.data).toEqual({ mode: 'c' });
  });

  it('denied, changes nothing', async () => {
    const before = await live('configmaps', 'applied');
    const answer = await agent.denied('apply', { manifest: settings('d'), reason }, 'no');
    expect(answer.structured.status).toBe('denied');
    expect(await live('configmaps', 'applied')).toEqual(before);
  });

  it('masks what an approver and the agent read of a Secret', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'fresh' },
      stringData: { key: 'a-very-secret-value' },
    };
    const { approval, answer } = await agent.hold('apply', { manifest: stringify(secret), reason });
    expect(JSON.stringify(approval)).not.toContain('a-very-secret-value');
    await agent.vote(approval.id, 'ana@example.com', 'approve');
    const done = await answer;
    expect(done.structured.status).toBe('executed');
    expect(done.text + JSON.stringify(done.structured)).not.toContain('a-very-secret-value');
    expect((await live('secrets', 'fresh'))?.data.key).toBe(Buffer.from('a-very-secret-value').toString('base64'));
  });
});

describe('scale', () => {
  it('approved, scales a built-in kind and a CRD', async () => {
    const web = await agent.approved('scale', { resource: 'deploy', name: 'web', replicas: 3, reason });
    expect(web.structured).toMatchObject({ status: 'executed', changes: [{ result: 'scaled' }] });
    expect(web.text).toContain('spec.replicas: 2 -> 3');
    expect((await live('deployments', 'web'))?.spec.replicas).toBe(3);
    const vans = await agent.approved('scale', {
      resource: 'fleets',
      name: 'vans',
      replicas: 7,
      currentReplicas: 2,
      reason,
    });
    expect(vans.structured.status).toBe('executed');
    expect((await live('fleets', 'vans'))?.spec.replicas).toBe(7);
  });

  it('denied, scales nothing', async () => {
    const fleet = await live('fleets', 'vans');
    const answer = await agent.denied('scale', { resource: 'fleet', name: 'vans', replicas: 0, reason }, 'no');
    expect(answer.structured.status).toBe('denied');
    expect(await live('fleets', 'vans')).toEqual(fleet);
    const generation = (await live('deployments', 'web'))?.metadata.generation;
    await agent.denied('scale', { resource: 'deploy', name: 'web', replicas: 0, reason }, 'no');
    expect((await live('deployments', 'web'))?.metadata.generation).toBe(generation);
  });

  it('asks nobody when the number is not the expected one, or the kind cannot be scaled', async () => {
    const stale = await agent.call('scale', {
      resource: 'fleets',
      name: 'vans',
      replicas: 1,
      currentReplicas: 2,
      reason,
    });
    expect(stale.structured.status).toBe('conflict');
    expect(stale.text).toContain('has 7 replicas, not 2');
    const wrong = await agent.call('scale', { resource: 'configmaps', name: 'page-1', replicas: 1, reason });
    expect(wrong.structured.status).toBe('invalid');
    expect(wrong.text).toContain('cannot be scaled');
  });
});

describe('delete', () => {
  it('denied, deletes nothing; the same call again is denied and asks nobody', async () => {
    const before = await live('configmaps', 'page-1');
    const answer = await agent.denied('delete', { resource: 'cm', name: 'page-1', reason }, 'keep it');
    expect(answer.structured.status).toBe('denied');
    const again = await agent.call('delete', { resource: 'cm', name: 'page-1', reason: 'in other words' });
    expect(again.structured.status).toBe('denied');
    expect(again.text).toContain('"keep it"');
    expect(await live('configmaps', 'page-1')).toEqual(before);
  });

  it('approved, deletes one by its name', async () => {
    const answer = await agent.approved('delete', { resource: 'cm', name: 'page-2', reason });
    expect(answer.structured).toMatchObject({ status: 'executed', changes: [{ result: 'deleted' }] });
    expect(await live('configmaps', 'page-2')).toBeUndefined();
  });

  it('approved, deletes what a selector named when it was planned, and nothing that came later', async () => {
    const { approval, answer } = await agent.hold('delete', { resource: 'configmaps', selector: 'list=pages', reason });
    await agent.kube.create(agent.path('configmaps'), {
      ...manifest('configmap', agent.namespace),
      metadata: { name: 'page-9', labels: { list: 'pages' } },
    });
    await agent.vote(approval.id, 'ana@example.com', 'approve');
    const done = await answer;
    expect(done.structured.status).toBe('executed');
    expect(done.structured.changes).toHaveLength(4);
    for (const n of [1, 3, 4, 5]) expect(await live('configmaps', `page-${n}`)).toBeUndefined();
    expect(await live('configmaps', 'page-9')).toBeDefined();
  });

  it('says that what has a finalizer is terminating, and what goes with a Deployment', async () => {
    await agent.kube.create(agent.path('configmaps'), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', finalizers: ['example.com/hold'] },
    });
    const held = await agent.approved('delete', { resource: 'cm', name: 'held', reason });
    expect(held.structured).toMatchObject({ status: 'executed', changes: [{ result: 'terminating' }] });
    expect(held.text).toContain('example.com/hold');
    await agent.kube.patch(agent.path('configmaps', 'held'), { metadata: { finalizers: null } });
    const plan = await agent.call('delete', { resource: 'deploy', name: 'web', dryRun: true, reason });
    expect(plan.structured.status).toBe('dry_run');
    expect(plan.text).toMatch(/and with it 1 replicasets\.apps, 3 pods/);
  });
});

describe('exec', () => {
  // The value is put together by the program, so that the argument list does not hold it.
  const command = ['printf', '%s-%s', 'correct-horse', 'battery-staple'];

  it('waits for two people, runs, and masks the Secret that the pod can reach', async () => {
    const { approval, answer } = await agent.hold('exec', { pod: 'shell', command, reason });
    expect(approval).toMatchObject({ need: 2, have: 0 });
    await agent.vote(approval.id, 'ana@example.com', 'approve');
    expect((await agent.held()).have).toBe(1);
    await agent.vote(approval.id, 'bo@example.com', 'approve');
    const done = await answer;
    expect(done.structured).toMatchObject({ status: 'executed', exitCode: 0 });
    expect(done.structured.stdout).toBe('[masked Secret db/password]');
    expect(done.text).toContain('[masked Secret db/password]');
    expect(done.text + JSON.stringify(done.structured)).not.toContain(password);
    expect(done.text).toMatch(/approved by ana@example\.com .*approved by bo@example\.com/);
  });

  it('denied by the second, runs nothing', async () => {
    const marker = `${agent.state}/exec-ran`;
    const { approval, answer } = await agent.hold('exec', { pod: 'shell', command: ['touch', marker], reason });
    await agent.vote(approval.id, 'ana@example.com', 'approve');
    await agent.vote(approval.id, 'bo@example.com', 'deny', 'no');
    expect((await answer).structured.status).toBe('denied');
    expect(existsSync(marker)).toBe(false);
  });
});

describe('approval', () => {
  const input = { resource: 'secrets', name: 'fresh', reason };

  it('lists, tells the state, and withdraws: the held call answers withdrawn and nothing is deleted', async () => {
    const { approval, answer } = await agent.hold('delete', input);
    const list = await agent.call('approval', {});
    expect(list.structured).toMatchObject({
      status: 'ok',
      approvals: [{ approval: { id: approval.id, state: 'pending' } }],
    });
    const state = await agent.call('approval', { id: approval.id, action: 'status' });
    expect(state.text).toContain(`Approval ${approval.id} is pending`);
    const withdrawn = await agent.call('approval', { id: approval.id, action: 'withdraw' });
    expect(withdrawn.structured).toMatchObject({ status: 'ok', approval: { state: 'withdrawn' } });
    expect((await answer).structured.status).toBe('withdrawn');
    expect(await live('secrets', 'fresh')).toBeDefined();
  });

  it('goes on by id with a call whose client lost patience, and runs it once', async () => {
    const scale = { resource: 'fleets', name: 'vans', replicas: 9, reason };
    const { approval, answer } = await agent.hold('scale', scale);
    const pending = await agent.call('approval', { id: approval.id, timeout: 0 });
    expect(pending.structured).toMatchObject({
      status: 'approval_pending',
      approval: { id: approval.id, state: 'pending' },
    });
    expect(pending.isError).toBe(false);
    expect(pending.text).toContain(`call approval {"id":"${approval.id}"}`);
    await agent.vote(approval.id, 'ana@example.com', 'approve', 'go');
    expect((await answer).structured.status).toBe('executed');
    const generation = (await live('fleets', 'vans'))?.metadata.generation;
    const again = await agent.call('approval', { id: approval.id });
    expect(again.structured).toMatchObject({ status: 'executed' });
    expect(again.text).toContain('kept result');
    expect((await live('fleets', 'vans'))?.metadata.generation).toBe(generation);
  });
});
