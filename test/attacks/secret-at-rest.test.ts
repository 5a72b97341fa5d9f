import { expect, test } from 'vitest';
import { filesWith } from '../support/at-rest.ts';
import { createGateRig } from '../support/gate.ts';

/** Who can read the state directory looks for the value that an agent sent: while it waits, after it ran, in each file. */

const value = 'Zx9-a-very-secret-value-Qq7';

test('the value of a Secret is in no file of the state', async () => {
  const rig = await createGateRig();
  const { root } = rig;
  const metadata = { name: 'at-rest', namespace: 'shop' };
  const manifest = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password: value } };
  const { approval, answer } = await rig.hold('apply', { manifest: JSON.stringify(manifest), reason: 'rotation' });
  const waiting = await filesWith(root, value);
  await rig.vote(approval.id);
  const { status, text } = await answer;
  const ran = await filesWith(root, value);
  expect([status, waiting.found, ran.found]).toEqual(['executed', [], []]);
  expect(Math.min(waiting.looked, ran.looked)).toBeGreaterThan(3);
  expect(text).not.toContain(value);
  await rig.close();
});
