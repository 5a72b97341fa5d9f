import { afterEach, beforeEach, expect, it } from 'vitest';
import { createGateRig, type GateRig } from '../support/gate.ts';
import { right } from '../support/guesses.ts';

/** The first call about a namespace is a change that conflicts: what it quotes was masked by nobody who had read the Secrets yet. */
let rig: GateRig;
beforeEach(async () => {
  rig = await createGateRig();
  await rig.kube('POST', '/api/v1/namespaces/shop/configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'copied' },
    data: { note: `it is ${right} here`, color: 'red' },
  });
});
afterEach(() => rig.close());

it.each([[false], [true]])('nothing of a Secret is in the answer, forced: %s', async (forceConflicts) => {
  const data = { note: 'something else', color: 'blue' };
  const metadata = { name: 'copied', namespace: 'shop' };
  const manifest = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  const answer = await rig.call('apply', { manifest, forceConflicts, dryRun: true, reason: 'to look' });
  expect(answer.status).toBe(forceConflicts ? 'dry_run' : 'conflict');
  expect(JSON.stringify(answer)).toContain('data.note');
  expect(JSON.stringify(answer)).not.toContain(right);
});
