import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type ClusterAgent, establishFixtureKinds, startClusterAgent } from '../support/cluster-agent.ts';
import type { KubeObject } from '../support/control-plane/kube.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { manifest } from '../support/manifests.ts';

const reason = 'in a race';
let agent: ClusterAgent;
beforeAll(async () => {
  agent = await startClusterAgent();
  await establishFixtureKinds(agent.kube, agent.namespace);
});

const settings = (name: string, data: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: agent.namespace },
  data,
});
const path = (name: string): string => agent.path('configmaps', name);
const create = (name: string, data: Record<string, string>) =>
  agent.kube.create(agent.path('configmaps'), settings(name, data));

/** Deleted and made again: the same name, another object. */
async function recreate(name: string, data: Record<string, string>): Promise<KubeObject> {
  await agent.kube.delete(path(name));
  return create(name, data);
}

/** Holds the call, lets something happen, and then lets ana approve what she saw before. */
async function meanwhile(
  tool: string,
  input: Record<string, string | number | boolean>,
  happens: () => Promise<unknown>,
) {
  const { approval, answer } = await agent.hold(tool, { ...input, reason });
  await happens();
  await agent.vote(approval.id, 'ana@example.com', 'approve');
  return { id: approval.id, answer: await answer };
}

describe('what was approved is not there any more', () => {
  it('a delete does not delete an object of the same name that was made since', async () => {
    await create('reborn', { a: '1' });
    let fresh: KubeObject | undefined;
    const { answer, id } = await meanwhile('delete', { resource: 'cm', name: 'reborn' }, async () => {
      fresh = await recreate('reborn', { a: '1' });
    });
    expect(answer.structured).toMatchObject({ status: 'drifted', approval: { id, state: 'drifted' } });
    expect(answer.text).toContain('another object of that name');
    expect(await agent.kube.get(path('reborn'))).toEqual(fresh);
  });

  it('a delete of what somebody deleted first says so', async () => {
    await create('gone', { a: '1' });
    const { answer } = await meanwhile('delete', { resource: 'cm', name: 'gone' }, () =>
      agent.kube.delete(path('gone')),
    );
    expect(answer.structured.status).toBe('drifted');
    expect(answer.text).toContain('Not found: ConfigMap "gone"');
  });

  it('an apply does not create again what vanished', async () => {
    await create('vanishes', { a: '1' });
    const change = stringify(settings('vanishes', { a: '2' }));
    const { answer } = await meanwhile('apply', { manifest: change, forceConflicts: true }, () =>
      agent.kube.delete(path('vanishes')),
    );
    expect(answer.structured.status).toBe('drifted');
    expect(await agent.kube.get(path('vanishes'))).toBeUndefined();
  });

  it('an apply does not change an equal object that was made in its place', async () => {
    await create('twin', { a: '1' });
    const change = stringify(settings('twin', { a: '2' }));
    let fresh: KubeObject | undefined;
    const { answer } = await meanwhile('apply', { manifest: change, forceConflicts: true }, async () => {
      fresh = await recreate('twin', { a: '1' });
    });
    expect(answer.structured.status).toBe('drifted');
    expect(answer.text).toContain('another object of that name');
    expect(await agent.kube.get(path('twin'))).toEqual(fresh);
  });

  it('a scale of a CRD, whose API ignores the uid, does not scale its successor', async () => {
    const fleet = { ...manifest('fleet', agent.namespace), metadata: { name: 'heirs' } };
    await agent.kube.create(agent.path('fleets'), fleet);
    let fresh: KubeObject | undefined;
    const { answer } = await meanwhile('scale', { resource: 'fleet', name: 'heirs', replicas: 5 }, async () => {
      await agent.kube.delete(agent.path('fleets', 'heirs'));
      fresh = await agent.kube.create(agent.path('fleets'), fleet);
    });
    expect(answer.structured.status).toBe('drifted');
    expect(await agent.kube.get(agent.path('fleets', 'heirs'))).toEqual(fresh);
  });

  it('of several that a selector named, the one that is gone is left out and the one that was made again is kept', async () => {
    for (const name of ['many-a', 'many-b', 'many-c'])
      await agent.kube.create(agent.path('configmaps'), {
        ...settings(name, {}),
        metadata: { name, labels: { many: 'yes' } },
      });
    const { answer } = await meanwhile('delete', { resource: 'cm', selector: 'many=yes' }, () =>
      agent.kube.delete(path('many-b')),
    );
    expect(answer.structured.status, answer.text).toBe('executed');
    expect(answer.text).toContain('many-b');
    expect(await agent.kube.get(path('many-a'))).toBeUndefined();
    expect(await agent.kube.get(path('many-c'))).toBeUndefined();
  });
});

describe('somebody was faster', () => {
  it('a create that another made first changes nothing of theirs', async () => {
    let theirs: KubeObject | undefined;
    const { answer } = await meanwhile(
      'apply',
      { manifest: stringify(settings('first', { mine: 'here' })) },
      async () => {
        theirs = await create('first', { theirs: 'there' });
      },
    );
    expect(answer.structured.status).toBe('drifted');
    expect(await agent.kube.get(path('first'))).toEqual(theirs);
  });

  it('a field of the plan that changed is told with its value, by whom', async () => {
    await create('moved', { mode: 'a', other: 'x' });
    const change = stringify(settings('moved', { mode: 'b' }));
    const { answer } = await meanwhile('apply', { manifest: change, forceConflicts: true }, () =>
      agent.kube.apply(path('moved'), settings('moved', { mode: 'c' }), 'somebody-else', true),
    );
    expect(answer.structured.status).toBe('drifted');
    expect(answer.text).toContain('data.mode');
    expect(answer.text).toContain('c');
    expect(answer.text).toContain('somebody-else');
    expect((await agent.kube.get(path('moved')))?.data.mode).toBe('c');
  });

  it('replicas that changed while a scale was held are told', async () => {
    const fleet = { ...manifest('fleet', agent.namespace), metadata: { name: 'grown' } };
    await agent.kube.create(agent.path('fleets'), fleet);
    const { answer } = await meanwhile('scale', { resource: 'fleet', name: 'grown', replicas: 5 }, () =>
      agent.kube.patch(agent.path('fleets', 'grown'), { spec: { replicas: 4 } }),
    );
    expect(answer.structured.status).toBe('drifted');
    expect(answer.text).toContain('spec.replicas: was 2, now 4; yours 5');
    expect((await agent.kube.get(agent.path('fleets', 'grown')))?.spec.replicas).toBe(4);
  });
});

describe('what is no drift', () => {
  const imageChange = (name: string): string =>
    stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: { template: { spec: { containers: [{ name: 'web', image: 'registry.example/web:2' }] } } },
    });

  it('a scaler that writes a field which the manifest omits', async () => {
    const web = { ...manifest('deployment', agent.namespace), metadata: { name: 'scaled' } };
    await agent.kube.create(agent.path('deployments'), web);
    const { answer } = await meanwhile('apply', { manifest: imageChange('scaled'), forceConflicts: true }, () =>
      agent.kube.patch(agent.path('deployments', 'scaled'), { spec: { replicas: 5 } }),
    );
    expect(answer.structured.status, answer.text).toBe('executed');
    const live = await agent.kube.get(agent.path('deployments', 'scaled'));
    expect(live?.spec.replicas).toBe(5);
    expect(live?.spec.template.spec.containers[0].image).toBe('registry.example/web:2');
  });

  it('status that a controller writes, also again and again around the claim', async () => {
    const web = { ...manifest('deployment', agent.namespace), metadata: { name: 'busy' } };
    await agent.kube.create(agent.path('deployments'), web);
    let n = 0;
    const status = `${agent.path('deployments', 'busy')}/status`;
    const writing = writer(() => agent.kube.send('PATCH', status, { status: { collisionCount: ++n } }, merge), 300);
    try {
      const change = { manifest: imageChange('busy'), forceConflicts: true };
      const { answer } = await meanwhile('apply', change, () => waitUntil('a second write', async () => n > 1));
      expect(answer.structured.status, answer.text).toBe('executed');
      const live = await agent.kube.get(agent.path('deployments', 'busy'));
      expect(live?.spec.template.spec.containers[0].image).toBe('registry.example/web:2');
    } finally {
      await writing.stop();
    }
    expect(n).toBeGreaterThan(1);
  });
});

describe('a writer between the claim and the sending', () => {
  it('is never lost: the change is made on top of it, or not at all and it is said', async () => {
    await create('contested', { mine: '0', theirs: '0' });
    await agent.kube.apply(path('contested'), settings('contested', { theirs: '0' }), 'other', true);
    let n = 0;
    const write = () => agent.kube.send('PATCH', path('contested'), { data: { theirs: String(++n) } }, merge);
    const outcomes: string[] = [];
    for (const everyMs of [0, 0, 5, 20, 80, 320]) {
      const before = (await agent.kube.get(path('contested')))?.data.mine;
      const mine = `every ${everyMs} ms, ${outcomes.length}`;
      const change = stringify(settings('contested', { mine }));
      let writing: ReturnType<typeof writer> | undefined;
      const { answer } = await meanwhile('apply', { manifest: change, forceConflicts: true }, async () => {
        writing = writer(write, everyMs);
      });
      await writing?.stop();
      const status = String(answer.structured.status);
      outcomes.push(status);
      if (status !== 'executed') {
        expect(['conflict', 'drifted'], answer.text).toContain(status);
        expect(answer.text).toContain('Next: ');
      }
      const now = (await agent.kube.get(path('contested')))?.data;
      expect(now).toEqual({ mine: status === 'executed' ? mine : before, theirs: String(n) });
    }
    expect(outcomes).toContain('executed');
  });
});

const merge = { 'content-type': 'application/merge-patch+json' };

/** Writes again and again until it is stopped, with a pause between; 0: as fast as the server takes it. */
function writer(write: () => Promise<unknown>, everyMs: number): { stop(): Promise<void> } {
  let going = true;
  const loop = (async () => {
    while (going) {
      await write();
      if (everyMs > 0) await setTimeout(everyMs);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await loop;
    },
  };
}
