import { afterAll, beforeAll, expect, it } from 'vitest';
import { CountersignError } from '../../src/domain/errors.ts';
import type { Standing } from '../../src/domain/standing.ts';
import { createGateRig, type GateRig } from '../support/gate.ts';
import { fallible } from '../support/standing.ts';

const rules = `
rules:
  - { name: reads-flow, description: Objects may be read., match: { verbs: [get, list] }, effect: allow }
  - { name: programs, description: Programs may run., match: { tools: [exec] }, effect: allow }
`;

let rig: GateRig;
let begun = 0;
const story = ['RequestReceived', 'Planned', 'Decided', 'Authorized', 'Failed'];
beforeAll(async () => {
  rig = await createGateRig({
    rules,
    around: (cluster) => ({
      ...cluster,
      execution: (grant, context) => {
        begun += 1;
        return cluster.execution(grant, context);
      },
    }),
  });
});
afterAll(() => rig.close());

/**
 * The last look was before the line of the log, and a notice in between finds nobody who listens yet: without another look the
 * program would run for a minute.
 */
it('runs nothing: a caller that falls while Authorized is written', async () => {
  const pods = await rig.kube('GET', '/api/v1/namespaces/shop/pods');
  const pod = JSON.stringify(pods.body).match(/"name":"(web-[a-z0-9-]+)"/)?.[1] ?? '';
  const input = { pod, namespace: 'shop', command: ['date'], timeout: 30, reason: 'Looking.' };
  const whole = fallible();
  const fallsWhenAuthorized: Standing = {
    watch: whole.watch,
    check: (tool) => {
      if (rig.events.slice(before).every(({ type }) => type !== 'Authorized')) return whole.check(tool);
      throw new CountersignError('Unauthorized', 'The caller bot is suspended');
    },
  };
  const before = rig.events.length;
  const { status, message } = await rig.call('exec', input, { standing: fallsWhenAuthorized });
  expect([status, message]).toEqual(['unauthorized', expect.stringContaining('suspended')]);
  expect(begun).toBe(0);
  expect(rig.events.slice(before).map(({ type }) => type)).toEqual(story);
  expect(whole.watched).toBe(0);

  expect((await rig.call('exec', input, { standing: fallible() })).status).toBe('executed');
  expect(begun).toBe(1);
});
