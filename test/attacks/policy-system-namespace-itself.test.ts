import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGateRig, type GateRig } from '../support/gate.ts';

/** "Never changed from here" names a namespace: the Namespace object itself, which belongs to none, is meant too. */

let rig: GateRig;
beforeAll(async () => {
  rig = await createGateRig();
});
afterAll(() => rig.close());

const labelled = (name: string): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}, labels: { pod-security.kubernetes.io/enforce: privileged } }\n`;

test('a namespace that a rule denies is neither labelled nor deleted nor read', async () => {
  const reason = 'routine';
  for (const [tool, input] of [
    ['apply', { manifest: labelled('kube-public'), reason }],
    ['delete', { resource: 'namespaces', name: 'kube-public', reason }],
    ['get', { resource: 'namespaces', name: 'kube-public' }],
  ] as const) {
    const answer = await rig.call(tool, input);
    expect([tool, answer.status]).toEqual([tool, 'denied']);
    expect(answer.message).toContain('not-public');
  }
  expect(rig.writes()).toEqual([]);
  expect((await rig.call('get', { resource: 'namespaces', name: 'shop' })).status).toBe('ok');
});
