import { expect, it } from 'vitest';
import { finalizersRemoved, isFinalDelete, isTerminating } from '../../../../src/domain/effect/finalizers.ts';
import { deployment } from './objects.ts';

const withFinalizers = (finalizers: readonly string[], deletionTimestamp?: string) =>
  deployment({}, { finalizers, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) });
const since = '2026-11-21T09:00:00Z';

it('names the finalizers that go', () => {
  expect(finalizersRemoved(withFinalizers(['a', 'b', 'c']), withFinalizers(['b']))).toEqual(['a', 'c']);
  expect(finalizersRemoved(undefined, withFinalizers(['b']))).toEqual([]);
});

it('takes the removal of the last finalizer of a terminating object for the delete that it is', () => {
  expect(isFinalDelete(withFinalizers(['a'], since), deployment({}))).toBe(true);
  expect(isFinalDelete(withFinalizers(['a', 'b'], since), withFinalizers(['b'], since))).toBe(false);
  expect(isFinalDelete(withFinalizers(['a']), deployment({}))).toBe(false);
  expect(isFinalDelete(undefined, deployment({}))).toBe(false);
  expect(isTerminating(withFinalizers([], since))).toBe(true);
});
