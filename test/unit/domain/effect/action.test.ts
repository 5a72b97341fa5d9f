import { expect, it } from 'vitest';
import { applyAction } from '../../../../src/domain/effect/action.ts';
import { deployment } from './objects.ts';

const nothing = { changes: [], removes: [], takes: [], allocated: [] };
const change = { path: 'spec.a', from: 1, to: 2, hidden: false };
const taken = { path: 'spec.a', manager: 'm', live: 1, yours: 1, hidden: false };

it.each([
  ['create', undefined, nothing],
  ['unchanged', deployment({}), nothing],
  ['configure', deployment({}), { ...nothing, changes: [change] }],
  ['configure', deployment({}), { ...nothing, takes: [taken] }],
  ['configure', deployment({}), { ...nothing, removes: ['spec.a'] }],
  ['configure', deployment({}), { ...nothing, allocated: ['spec.clusterIP'] }],
  ['delete', deployment({}, { finalizers: ['x'], deletionTimestamp: 't' }), { ...nothing, changes: [change] }],
])('is %s', (action, live, effect) => {
  expect(applyAction(live, deployment({}), effect)).toBe(action);
});
