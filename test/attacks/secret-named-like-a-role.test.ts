import { expect, test } from 'vitest';
import { open } from '../../src/domain/masked.ts';
import { createGateRig } from '../support/gate.ts';

/**
 * Who may write a Secret makes its value the name of a ClusterRole, so that the mask hides from the approver which role a
 * binding gives, or that an object is bound at all.
 */

const encoded = (text: string): string => Buffer.from(text).toString('base64');

test('the approver sees the role that a binding gives, though a Secret has its name for a value', async () => {
  const rig = await createGateRig();
  const data = { a: encoded('cluster-admin'), b: encoded('ClusterRole'), c: encoded('rolebindings') };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'decoy' }, data };
  expect((await rig.kube('POST', '/api/v1/namespaces/shop/secrets', secret)).status).toBe(201);
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'helpers', namespace: 'shop' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
  };
  const { approval, answer } = await rig.hold('apply', { manifest: JSON.stringify(binding), reason: 'harmless' });
  const { card } = approval;
  const diff = open(card.diff);
  expect(diff).toMatch(/roleRef.*cluster-admin/);
  expect(diff).toContain('RoleBinding shop/helpers');
  expect(diff).not.toContain('[masked');
  expect(card.risks.map((risk) => open(risk)).join('\n')).toContain('cluster-admin');
  expect(approval.objects.map(String)).toEqual(['RoleBinding/shop/helpers']);
  await rig.vote(approval.id, 'deny');
  await answer;
  await rig.close();
});
