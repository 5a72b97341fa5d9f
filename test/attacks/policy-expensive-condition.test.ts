import { describe, expect, it } from 'vitest';
import { bundle, factsOf, inputOf, pointOf } from '../support/policy-inputs.ts';

const many = Array.from({ length: 10_000 }, (_, index) => `value-${index}`);

/** Whoever may write a rule, or make a fact long, must not be able to hold every decision up. */
describe('a hostile condition', () => {
  it.each([
    'facts.hostPaths.all(a, facts.hostPaths.all(b, facts.hostPaths.all(c, a != b || b != c)))',
    'facts.hostPaths.all(a, facts.hostPaths.all(b, a != b))',
    'facts.hostPaths.all(a, a in facts.hostPaths)',
    'facts.hostPaths.all(a, facts.hostPaths + facts.hostPaths != [a])',
    'facts.sysctls.all(a, facts.hostPaths == facts.secretsUsed)',
    '(facts.hostPaths + facts.hostPaths).all(a, (facts.hostPaths + facts.hostPaths).exists(b, a == b))',
    'facts.images.all(a, [facts.images].all(b, b.all(c, c.image == a.image)))',
    'reMatch(facts.name, "((a{1,99}){1,99}){1,99}")',
  ])('is refused when the bundle is loaded: %s', (when) => {
    expect(bundle({ effect: 'deny', when: [when] }).fault).toBeDefined();
  });

  it.each<[string, object]>([
    ['facts.hostPaths.exists(p, reMatch(p, "^(a+)+$"))', { hostPaths: many.slice(0, 1000) }],
    ['reMatch(facts.name, "^(a+)+$")', { name: `${'a'.repeat(4000)}b` }],
    ['facts.hostPaths.all(p, p != "x")', { hostPaths: many }],
    ['facts.hostPaths.all(p, p != "x" && !p.endsWith("y"))', { hostPaths: many.slice(0, 1000) }],
    ['facts.hostPaths == facts.hostPaths.filter(p, p != "")', { hostPaths: many.slice(0, 1000) }],
  ])('or ends within 10 ms of computing: %s', (when, facts) => {
    const point = pointOf({ effect: 'allow' }, { effect: 'deny', when: [when] });
    const input = inputOf(factsOf(facts));
    // The best of several: the machine does other things too, and the first ones are compiled.
    const spent = Array.from({ length: 15 }, () => {
      const before = process.cpuUsage();
      point.decide(input);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    });
    expect(Math.min(...spent)).toBeLessThan(10);
  });
});
