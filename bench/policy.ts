import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { DecisionInput, Target } from '../src/domain/decision.ts';
import type { Facts } from '../src/domain/facts/facts.ts';
import { type CallFacts, callFactSpecs, type ObjectFacts, objectFactSpecs } from '../src/domain/facts/spec.ts';
import type { FactSpec } from '../src/domain/facts/specs/type.ts';
import { bundleOf, type GoodBundle, loadBundle } from '../src/policy/bundle.ts';
import { createDecisionPoint } from '../src/policy/decision-point.ts';
import { type Rule, ruleSchema } from '../src/policy/rule.ts';
import { type Figure, percentile } from './figures.ts';

const decisions = 3_000;

/**
 * A thousand rules with conditions, and the shipped bundle: how long a decision takes, and what the rules weigh. And the same
 * thousand said with arithmetic, which no closure is made of: what a decision takes where every condition is interpreted.
 */
export async function benchPolicy(): Promise<readonly Figure[]> {
  const rules = manyRules(1_000);
  // The engine itself is loaded once for every bundle.
  good(bundleOf(rules.slice(0, 10)));
  const before = heap();
  const begun = performance.now();
  const many = good(bundleOf(rules));
  const loaded = performance.now() - begun;
  const megabytes = (heap() - before) / 1_048_576;
  const shipped = good(await loadBundle(join(import.meta.dirname, '../policies/strict')));
  const [manyTimes, shippedTimes] = [timesOf(many), timesOf(shipped)];
  const interpretedTimes = timesOf(good(bundleOf(rules.map(interpreted))));
  return [
    {
      name: 'decision_p99_ms',
      value: percentile(manyTimes, 0.99),
      target: '<= 2',
      says: 'ms a decision by 1,000 rules',
    },
    { name: 'decision_p50_ms', value: percentile(manyTimes, 0.5), says: 'the same, half of them' },
    {
      name: 'interpreted_p50_ms',
      value: percentile(interpretedTimes, 0.5),
      says: 'the same, where every condition needs the interpreter',
    },
    { name: 'load_ms', value: loaded, target: '<= 1000', says: 'ms to check and compile 1,000 rules' },
    { name: 'memory_mb', value: megabytes, target: '<= 20', says: 'MiB of heap that 1,000 rules keep' },
    { name: 'shipped_p99_ms', value: percentile(shippedTimes, 0.99), says: 'ms a decision by the strict bundle' },
    { name: 'shipped_p50_ms', value: percentile(shippedTimes, 0.5), target: '<= 0.2', says: 'the same, half of them' },
  ];
}

/** As a big installation has them: for many teams, each with namespaces, images and numbers of its own. No two conditions are equal. */
const manyRules = (count: number): readonly Rule[] =>
  Array.from({ length: count }, (_, index) =>
    ruleSchema.parse({
      name: `rule-${index}`,
      description: `The rule number ${index} of the bench.`,
      match: {
        verbs: index % 4 === 0 ? ['delete'] : ['create', 'patch'],
        resources: index % 3 === 0 ? ['*.apps'] : ['deployments.apps', 'pods', '*/scale'],
        ...(index % 2 === 0 ? { namespaces: [`team-${index % 20}`, 'shop-*'] } : {}),
      },
      when: [
        `facts.replicas.to >= ${index % 50} && facts.objectCount < ${index + 2}`,
        `facts.images.exists(i, i.registry == "registry-${index}.example" && !i.pinned)`,
        `facts.environment != "env-${index}"`,
      ],
      effect: index % 5 === 0 ? 'deny' : 'review',
    }),
  ).concat(ruleSchema.parse({ name: 'all', description: 'Everything else of the bench.', effect: 'allow' }));

/** Says the same, in a way that only the interpreter understands. */
const interpreted = (rule: Rule): Rule => ({
  ...rule,
  ...(rule.when === undefined ? {} : { when: rule.when.map((each) => `1 + 1 == 2 && (${each})`) }),
});

function timesOf(bundle: GoodBundle): readonly number[] {
  const point = createDecisionPoint(bundle);
  const inputs = Array.from({ length: 50 }, (_, index) => inputOf(index));
  const times: number[] = [];
  for (let round = -decisions / 3; round < decisions; round++) {
    const input = inputs[Math.abs(round) % inputs.length];
    if (input === undefined) continue;
    const begun = performance.now();
    point.decide(input);
    if (round >= 0) times.push(performance.now() - begun);
  }
  return times;
}

function inputOf(index: number): DecisionInput {
  const target: Target = {
    resourceGroup: 'deployments.apps',
    access: { verb: 'patch', ...(index % 2 === 0 ? { subresource: 'scale' } : {}) },
    namespace: index % 3 === 0 ? 'shop-1' : `team-${index}`,
    name: `web-${index}`,
  };
  return {
    principal: { issuer: 'bench', subject: 'bot', agent: 'bot', groups: ['dev'], verified: true },
    tool: 'apply',
    cluster: 'bench',
    targets: [target],
    facts: factsOf(index),
    now: 0,
  };
}

const empties = (specs: readonly FactSpec[]): object =>
  Object.fromEntries(specs.map(({ name, empty }) => [name, empty]));

const factsOf = (index: number): Facts => ({
  call: { ...(empties(callFactSpecs) as CallFacts), objectCount: 1 },
  objects: [
    {
      ...(empties(objectFactSpecs) as ObjectFacts),
      environment: 'staging',
      replicas: { from: 1, to: index, percent: 0, toZero: false, changed: true },
      images: ['docker.io', 'ghcr.io', 'quay.io'].map((registry) => ({
        image: `${registry}/web:1`,
        registry,
        repository: 'web',
        tag: '1',
        digest: '',
        pinned: false,
      })),
    },
  ],
});

function good(bundle: ReturnType<typeof bundleOf>): GoodBundle {
  if (bundle.rules === undefined) throw new Error(bundle.fault);
  return bundle;
}

/** Garbage is collected first where `node --expose-gc` lets it be. */
function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
