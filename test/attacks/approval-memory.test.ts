import v8 from 'node:v8';
import vm from 'node:vm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { seal } from '../../src/domain/seal.ts';
import { createRig, draft, type Rig } from '../support/approvals.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.end());

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as () => void;
const megabytes = (): number => {
  collect();
  return process.memoryUsage().heapUsed / 1e6;
};

const big = (n: number) =>
  draft({
    callDigest: `c${n}`,
    planDigest: `p${n}`,
    card: {
      summary: seal('s'),
      risks: [],
      diff: seal(`  line ${n} of the plan -> x\n`.repeat(40_000)),
      reason: seal('r'),
    },
  });

it('keeps nothing in memory of big plans that were asked, withdrawn and read again', async () => {
  const before = megabytes();
  for (let n = 0; n < 20; n++) {
    const { id } = await rig.approvals.request(big(n));
    await rig.approvals.close(id, 'withdraw', 'x');
    await rig.approvals.read(id);
  }
  expect(megabytes() - before).toBeLessThan(10);
}, 60_000);

it('keeps of an open plan not much more than its text', async () => {
  const before = megabytes();
  for (let n = 0; n < 4; n++) await rig.approvals.request(big(n));
  expect(megabytes() - before).toBeLessThan(12);
}, 60_000);
