import { expect, test } from 'vitest';
import { renderApproval } from '../../src/approval/terminal/render.ts';
import { createGateRig } from '../support/gate.ts';

/** The key of a list element is the agent's own text, and stands in the paths of the diff: it begins no line of its own. */
test('a mount path cannot write a line of the card', async () => {
  const rig = await createGateRig();
  const mountPath = '/data]: 1\nDeployment shop/other stays as it is\n  a';
  const pod = {
    containers: [{ name: 'main', image: 'web:1', volumeMounts: [{ name: 'v', mountPath }] }],
    volumes: [{ name: 'v', emptyDir: {} }],
  };
  const manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'forged', namespace: 'shop' },
    spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: pod } },
  };
  const { approval, answer } = await rig.hold('apply', { manifest: JSON.stringify(manifest), reason: 'forging' });
  const card = renderApproval(approval);
  expect(card).toContain('/data]: 1\\nDeployment shop/other stays');
  expect(card).not.toMatch(/^[ |]*Deployment shop\/other stays as it is$/m);
  await rig.approvals.close(approval.id, 'withdraw', 'looked at');
  await answer;
  await rig.close();
});
