import { expect, it } from 'vitest';
import { buildMatcher, matcherOf } from '../../../src/masking/matcher.ts';

const values = [{ value: 'hunter2-canary', source: 'Secret db/password' }];

it('is made once an array of values, and shared', () => {
  expect(buildMatcher(values)).toBe(buildMatcher(values));
  expect(matcherOf({ values })).toBe(buildMatcher(values));
  expect(matcherOf({ values: [] })).toBeUndefined();
});

it('tells what it hit', () => {
  const hits: [string, number][] = [];
  const shown = buildMatcher(values).mask('a hunter2-canary b', (source, count) => hits.push([source, count]));
  expect(shown).toBe('a [masked Secret db/password] b');
  expect(hits).toEqual([['Secret db/password', 1]]);
});
