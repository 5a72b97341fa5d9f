import { expect, it } from 'vitest';
import { factsOf, inputOf, pointOf } from '../support/policy-inputs.ts';

/** Facts carry names and labels that an agent chose. None of them is code, a prototype or a member that nobody declared. */
it('no text in a fact acts on the evaluator', () => {
  const point = pointOf(
    { effect: 'allow' },
    { effect: 'deny', when: ['"safe" in facts.labels && facts.labels["safe"] == "no"'] },
    { effect: 'deny', when: ['facts.images.exists(i, i.registry == "evil.example")'] },
  );
  const image = { image: 'a', registry: 'evil.example', repository: 'a', tag: 'b', digest: '', pinned: false };
  const verdict = (facts: object): string => point.decide(inputOf(factsOf(facts))).verdict;
  expect(verdict({ labels: { safe: 'no' } })).toBe('deny');
  expect(verdict({ labels: { safe: '" || true || "' } })).toBe('allow');
  expect(verdict({ labels: JSON.parse('{"__proto__": {"safe": "no"}, "safe": "yes"}') })).toBe('deny');
  expect(verdict({ labels: JSON.parse('{"__proto__": "x", "constructor": "y"}') })).toBe('allow');
  expect(verdict({ labels: Object.create({ safe: 'no' }) })).toBe('allow');
  expect(verdict({ images: [image] })).toBe('deny');
  // What is inherited was derived by nobody: it is absent, and absent denies.
  expect(verdict({ images: [Object.create(image)] })).toBe('deny');
  expect(verdict({ images: { length: 0 } })).toBe('deny');
});
