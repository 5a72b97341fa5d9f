import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGateRig, type GateRig } from '../support/gate.ts';
import { fallible } from '../support/standing.ts';

const rules = `
rules:
  - { name: reads-flow, description: Objects may be read., match: { verbs: [get, list] }, effect: allow }
  - { name: scaling, description: Scaling needs nobody., match: { tools: [scale] }, effect: allow }
`;

let planned = (): void => undefined;
let rig: GateRig;
beforeAll(async () => {
  rig = await createGateRig({
    rules,
    around: (cluster) => ({
      ...cluster,
      planning: (context) => {
        planned();
        return cluster.planning(context);
      },
    }),
  });
});
afterAll(() => rig.close());

/** Planning asks the cluster and may take many seconds; a change that waits for nobody has no claim that would look again. */
it('changes nothing, where the policy alone allows it', async () => {
  const standing = fallible();
  const input = { resource: 'deploy', name: 'web', namespace: 'shop', replicas: 4, reason: 'A sale.' };
  planned = () => standing.fall();
  expect((await rig.call('scale', input, { standing })).status).toBe('unauthorized');
  expect(rig.writes().filter((write) => write.startsWith('scale'))).toEqual([]);
  planned = () => undefined;
  expect((await rig.call('scale', input, { standing: fallible() })).status).toBe('executed');
  expect(rig.writes().filter((write) => write.startsWith('scale'))).toHaveLength(1);
});
