import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGateRig, type GateRig } from '../support/gate.ts';

/** A selector is a question whose answer is a number of objects: by a value that is masked it would tell a guess. */
let rig: GateRig;
beforeAll(async () => {
  rig = await createGateRig();
  await rig.kube('POST', '/api/v1/namespaces/shop/configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'labelled', labels: { 'example.com/api-token': 'hunter2', app: 'web' } },
  });
});
afterAll(() => rig.close());

it.each([
  ['example.com/api-token=hunter2'],
  ['example.com/api-token=nonsense'],
  ['example.com/api-token!=hunter2'],
  ['app=web,example.com/api-token in (hunter2,other)'],
  ['example.com/api-token notin (hunter2)'],
])('by a label: %s', async (selector) => {
  const answer = await rig.call('get', { resource: 'configmaps', namespace: 'shop', selector });
  expect(answer.status).toBe('invalid');
  expect(answer.message).toContain('cannot be selected by "example.com/api-token": its value is masked');
  const removed = await rig.call('delete', { resource: 'configmaps', selector, dryRun: true, reason: 'to guess' });
  expect(removed.status).toBe('invalid');
});

it.each(['data.password=hunter2', 'stringData.x=y', 'spec.password!=hunter2', 'metadata.name=db,spec.apiKey=x'])(
  'by a field: %s',
  async (fieldSelector) => {
    const answer = await rig.call('get', { resource: 'secrets', namespace: 'shop', fieldSelector });
    expect(answer.status).toBe('invalid');
    expect(answer.message).toContain('its value is masked');
  },
);

it('by what is shown nothing changes', async () => {
  for (const ask of [
    { selector: 'app=web' },
    { selector: 'app=web,example.com/api-token' },
    { fieldSelector: 'metadata.name=labelled' },
  ]) {
    const answer = await rig.call('get', { resource: 'configmaps', namespace: 'shop', output: 'name', ...ask });
    expect(answer.data.names).toEqual(['labelled']);
  }
});
