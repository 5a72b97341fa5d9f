import { expect, test } from 'vitest';
import { open } from '../../src/domain/masked.ts';
import { createMasker } from '../../src/masking/masker.ts';
import { silent } from '../support/approvals.ts';
import { createGateRig } from '../support/gate.ts';

/** Very many masked leaves in one object, which an agent writes or somebody leaves in the cluster, do not hold up the process. */

const most = 20_000;

test('a plan with thousands of masked variables', async () => {
  const rig = await createGateRig();
  const env = Array.from({ length: 3_000 }, (_, index) => ({ name: `TOKEN_${index}`, value: 'x' }));
  const metadata = { name: 'many', namespace: 'shop' };
  const manifest = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'c', image: 'x', env }] } };
  const before = performance.now();
  const answer = await rig.call('apply', { manifest: JSON.stringify(manifest), dryRun: true, reason: 'flood' });
  expect(performance.now() - before).toBeLessThan(most);
  expect(answer.status).toBe('dry_run');
  expect(answer.text).toContain('TOKEN_2999');
  await rig.close();
}, 60_000);

test('an annotation that is nested without end is hidden, and the rest of its list is read', () => {
  const masker = createMasker({ log: silent });
  const nested = '['.repeat(50_000) + ']'.repeat(50_000);
  const list = {
    kind: 'List',
    items: [{ metadata: { name: 'a', annotations: { nested } } }, { metadata: { name: 'b' } }],
  };
  const shown = JSON.stringify(open(masker.object(list).value));
  expect(shown).toContain('[masked annotation nested]');
  expect(shown).toContain('"b"');
});
