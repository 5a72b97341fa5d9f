import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecisionInput, Target, Verdict } from '../../../src/domain/decision.ts';
import type { ObjectFacts } from '../../../src/domain/facts/spec.ts';
import { bundleOf } from '../../../src/policy/bundle.ts';
import { createDecisionPoint } from '../../../src/policy/decision-point.ts';
import { type NaiveCondition, type NaiveRule, naively } from '../../support/naive-policy.ts';
import { factsOf, inputOf, rulesOf } from '../../support/policy-inputs.ts';

/** A fact as a condition reads it: absent is an error. */
function read<K extends keyof ObjectFacts>(input: DecisionInput, target: number, name: K): NonNullable<ObjectFacts[K]> {
  const value = input.facts?.objects[target]?.[name];
  if (value === undefined || value === null) throw new Error(`${name} is absent`);
  return value as NonNullable<ObjectFacts[K]>;
}

const conditions: readonly NaiveCondition[] = [
  { text: 'facts.privileged', holds: (input, at) => read(input, at, 'privileged') },
  { text: '!facts.privileged', holds: (input, at) => !read(input, at, 'privileged') },
  { text: 'facts.environment == "production"', holds: (input, at) => read(input, at, 'environment') === 'production' },
  { text: 'facts.replicas.to > 5', holds: (input, at) => read(input, at, 'replicas').to > 5 },
  { text: 'facts.replicas.to % 2 == 0', holds: (input, at) => read(input, at, 'replicas').to % 2 === 0 },
  {
    text: 'facts.images.exists(i, i.registry == "evil.example")',
    holds: (input, at) => read(input, at, 'images').some(({ registry }) => registry === 'evil.example'),
  },
  {
    text: 'facts.hostPaths.all(p, p.startsWith("/var/")) || facts.privileged',
    // One side that is true is enough, whatever the other could not find out.
    holds: (input, at) => {
      const privileged = input.facts?.objects[at]?.privileged;
      if (privileged === true) return true;
      const all = read(input, at, 'hostPaths').every((path) => path.startsWith('/var/'));
      return all || read(input, at, 'privileged');
    },
  },
  {
    text: 'facts.namespaceLabels["team"] == "shop"',
    holds: (input, at) => {
      const team = read(input, at, 'namespaceLabels').team;
      if (team === undefined) throw new Error('no such key');
      return team === 'shop';
    },
  },
  { text: 'principal.groups.exists(g, g == "dev")', holds: ({ principal }) => principal.groups.includes('dev') },
  { text: 'call.namespace == "shop"', holds: ({ targets }, at) => (targets[at]?.namespace ?? '') === 'shop' },
  { text: 'time.weekday <= 5 && time.hour >= 8', holds: ({ now }) => new Date(now).getUTCHours() >= 8 },
  {
    text: 'call.objectCount / (call.objectCount - 1) >= 1',
    holds: ({ targets }) => {
      if (targets.length === 1) throw new Error('division by zero');
      return true;
    },
  },
];

const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined, freq: 3 });
const some = (...of: string[]) => fc.subarray(of, { minLength: 1 });
const rule: fc.Arbitrary<NaiveRule> = fc.record({
  effect: fc.constantFrom<Verdict>('deny', 'review', 'allow', 'allow'),
  people: fc.integer({ min: 1, max: 3 }),
  match: fc.record(
    {
      verbs: some('get', 'create', 'patch', 'delete'),
      resources: some('pods', 'secrets', 'pods/exec', '*'),
      namespaces: some('shop', 'kube-system'),
      clusterScoped: fc.boolean(),
      groups: some('dev', 'sre'),
    },
    { requiredKeys: [] },
  ),
  when: fc.subarray([...conditions], { maxLength: 2 }),
});
const rules = fc.array(rule, { minLength: 1, maxLength: 7 });

const target: fc.Arbitrary<Target> = fc
  .tuple(
    fc.constantFrom<Target['access']['verb']>('get', 'create', 'patch', 'delete'),
    fc.constantFrom('pods', 'secrets', 'pods/exec', 'nodes'),
    fc.constantFrom('shop', 'kube-system', null),
  )
  .map(([verb, resource, namespace]) => {
    const [resourceGroup, subresource] = resource.split('/');
    return { resourceGroup, access: { verb, ...(subresource === undefined ? {} : { subresource }) }, namespace };
  });
const facts: fc.Arbitrary<Partial<ObjectFacts>> = fc.record({
  privileged: optional(fc.boolean()),
  environment: optional(fc.constantFrom('production', 'development')),
  replicas: optional(
    fc.integer({ min: 0, max: 12 }).map((to) => ({ from: 1, to, percent: 0, toZero: to === 0, changed: true })),
  ),
  hostPaths: optional(fc.subarray(['/var/run', '/etc'])),
  images: optional(
    fc
      .subarray(['evil.example', 'docker.io'])
      .map((registries) =>
        registries.map((registry) => ({ image: 'a', registry, repository: 'a', tag: 'b', digest: '', pinned: false })),
      ),
  ),
  namespaceLabels: optional(fc.constantFrom<Record<string, string>>({ team: 'shop' }, { team: 'other' }, {})),
});
const objects = fc.array(fc.tuple(target, facts), { minLength: 1, maxLength: 3 });
const inputFor = (of: readonly (readonly [Target, Partial<ObjectFacts>])[]): DecisionInput =>
  inputOf(factsOf(...of.map(([, each]) => each)), ...of.map(([each]) => each));

const written = (of: readonly NaiveRule[]) =>
  rulesOf(
    ...of.map(({ effect, people, match: { groups, ...match }, when }) => ({
      effect,
      match: { ...match, ...(groups === undefined ? {} : { principal: { groups } }) },
      ...(when.length === 0 ? {} : { when: when.map(({ text }) => text) }),
      ...(effect === 'review' ? { require: { people } } : {}),
    })),
  );
const point = (of: readonly NaiveRule[]) => createDecisionPoint(bundleOf(written(of)));
const strictness: Record<Verdict, number> = { allow: 0, review: 1, deny: 2 };

describe('rules with conditions', () => {
  it('decide as a naive evaluator written from the documentation does', () => {
    fc.assert(
      fc.property(rules, objects, (some, of) => {
        const input = inputFor(of);
        const { verdict, requirement } = point(some).decide(input);
        const people = (requirement?.slots ?? []).reduce((sum, { count }) => sum + count, 0);
        expect({ verdict, people }).toEqual(naively(some, input));
      }),
      { numRuns: 400 },
    );
  });

  it('a deny more never allows more; an allow more never overrides a deny or a review', () => {
    fc.assert(
      fc.property(rules, rule, objects, (some, one, of) => {
        const input = inputFor(of);
        const before = point(some).decide(input);
        const after = point([...some, one]).decide(input);
        if (one.effect === 'deny') expect(strictness[after.verdict]).toBeGreaterThanOrEqual(strictness[before.verdict]);
        if (one.effect === 'allow' && before.verdict === 'review') expect(after.verdict).not.toBe('allow');
        if (before.verdict === 'deny' && before.rule !== undefined) expect(after.verdict).toBe('deny');
      }),
      { numRuns: 150 },
    );
  });

  it('are a pure function of their input, whatever order they and their conditions stand in', () => {
    fc.assert(
      fc.property(rules, objects, (some, of) => {
        const input = inputFor(of);
        const list = written(some);
        const turned = [...list].reverse().map((each) => ({
          ...each,
          ...(each.when === undefined ? {} : { when: [...each.when].reverse() }),
        }));
        const one = createDecisionPoint(bundleOf(list));
        const first = one.decide(input);
        one.decide(inputFor([...of].reverse()));
        expect(one.decide(input)).toEqual(first);
        const other = createDecisionPoint(bundleOf(turned)).decide(input);
        expect({ ...other, bundleDigest: '' }).toEqual({ ...first, bundleDigest: '' });
      }),
      { numRuns: 150 },
    );
  });

  it('what the first pass refuses the second refuses for every value of the unknown facts', () => {
    fc.assert(
      fc.property(rules, objects, fc.infiniteStream(fc.boolean()), (some, of, hide) => {
        const input = inputFor(of);
        const hidden = input.targets.map((each): Target => {
          if (hide.next().value !== true) return each;
          const verb =
            each.access.subresource === undefined && each.access.verb === 'create' ? 'patch' : each.access.verb;
          return { ...each, resourceGroup: undefined, access: { ...each.access, verb } };
        });
        const first = point(some).first({ ...input, targets: hidden, facts: undefined });
        if (!first.undecided) expect(point(some).decide(input).verdict).toBe('deny');
      }),
      { numRuns: 400 },
    );
  });
});
