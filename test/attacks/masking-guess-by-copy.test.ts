import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open } from '../../src/domain/masked.ts';
import { createGateRig, type GateRig } from '../support/gate.ts';
import { expectAlike, right, wrong } from '../support/guesses.ts';

/**
 * Somebody copied what a Secret holds to a place that is none for secrets. `get` hides it for its value; a diff or a conflict
 * about that place must not answer guesses instead.
 */
let rig: GateRig;
beforeAll(async () => {
  rig = await createGateRig();
  await rig.kube('POST', '/api/v1/namespaces/shop/configmaps', map(`it is ${right} here`, 'red'));
  await rig.kube('POST', '/apis/apps/v1/namespaces/shop/deployments', deployment(right));
  const { approval, answer } = await rig.hold('apply', {
    manifest: JSON.stringify({ ...map(right, 'red'), metadata: { name: 'ours', namespace: 'shop' } }),
    reason: 'to own it',
  });
  await rig.vote(approval.id);
  expect((await answer).status).toBe('executed');
});
afterAll(() => rig.close());

const map = (note: string, color: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'copied', namespace: 'shop' },
  data: { note, color },
});
const deployment = (greeting: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'greets', namespace: 'shop' },
  spec: {
    selector: { matchLabels: { app: 'greets' } },
    template: {
      metadata: { labels: { app: 'greets' } },
      spec: { containers: [{ name: 'main', image: 'greets:1', env: [{ name: 'GREETING', value: greeting }] }] },
    },
  },
});

async function both(manifest: (value: string) => object, more: object = {}) {
  const input = (value: string) => ({ manifest: JSON.stringify(manifest(value)), dryRun: true, reason: 'x', ...more });
  const [ofRight, ofWrong] = [await rig.call('apply', input(right)), await rig.call('apply', input(wrong))];
  expectAlike(ofRight, ofWrong);
  return ofRight;
}

describe('a guess at a copy of a secret, right or wrong, reads alike', () => {
  it.each([
    ['a ConfigMap', (value: string) => map(`it is ${value} here`, 'red'), 'data.note'],
    ['a variable', deployment, 'spec.template.spec.containers[main].env[GREETING].value'],
  ])('in %s of somebody else', async (_, manifest, path) => {
    const conflict = await both(manifest);
    expect(conflict.status).toBe('conflict');
    expect(conflict.message).toContain(path);
    const forced = await both(manifest, { forceConflicts: true });
    expect(forced.status).toBe('dry_run');
    expect(forced.text).toContain('[masked Secret db/password]');
  });

  it('in a ConfigMap that we set ourselves', async () => {
    const own = await both((value) => ({ ...map(value, 'blue'), metadata: { name: 'ours', namespace: 'shop' } }));
    expect(own.status).toBe('dry_run');
    expect(own.text).toContain('data.note: [masked Secret db/password] -> ');
  });

  it('and the approver is told', async () => {
    const manifest = JSON.stringify({ ...map(right, 'blue'), metadata: { name: 'ours', namespace: 'shop' } });
    const { approval, answer } = await rig.hold('apply', { manifest, reason: 'to guess' });
    const { card } = await rig.approvals.read(approval.id);
    const told = [...card.risks, ...(card.notes ?? []), card.diff].map((text) => open(text)).join('\n');
    expect(told).toContain('the agent itself wrote what is in Secret db/password');
    expect(told).toContain(`data.note: ${right} (as it is)`);
    await rig.vote(approval.id, 'deny');
    expect((await answer).status).toBe('denied');
  });

  it('an agent that leaves it alone is not bothered', async () => {
    const manifest = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'copied', namespace: 'shop' },
      data: { size: 'small' },
    });
    const answer = await rig.call('apply', { manifest, dryRun: true, reason: 'to add a key' });
    expect(answer.status).toBe('dry_run');
    expect(answer.text).not.toContain('data.note');
  });
});
