import type { DecisionInput, Target } from '../../src/domain/decision.ts';
import type { Facts } from '../../src/domain/facts/facts.ts';
import { type CallFacts, callFactSpecs, type ObjectFacts, objectFactSpecs } from '../../src/domain/facts/spec.ts';
import type { FactSpec } from '../../src/domain/facts/specs/type.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { type Bundle, bundleOf } from '../../src/policy/bundle.ts';
import { createDecisionPoint } from '../../src/policy/decision-point.ts';
import { type Rule, ruleSchema } from '../../src/policy/rule.ts';

const agent: Principal = { issuer: 'local', subject: 'ann', agent: 'bot-1', groups: ['dev'], verified: false };

const empties = (specs: readonly FactSpec[]): object =>
  Object.fromEntries(specs.map(({ name, empty }) => [name, empty]));

/** Facts of one object, empty but for what is said; undefined takes one away. */
export const factsOf = (...objects: Partial<ObjectFacts>[]): Facts => ({
  call: { ...(empties(callFactSpecs) as CallFacts), objectCount: objects.length },
  objects: objects.map((each) => ({ ...(empties(objectFactSpecs) as ObjectFacts), ...each })),
});

const deployment: Target = {
  resourceGroup: 'deployments.apps',
  access: { verb: 'patch' },
  namespace: 'shop',
  name: 'web',
};

export const inputOf = (facts: Facts | undefined, ...targets: Target[]): DecisionInput => ({
  principal: agent,
  tool: 'apply',
  cluster: 'shop-prod',
  targets: targets.length === 0 ? [deployment] : targets,
  facts,
  now: Date.UTC(2026, 0, 7, 12),
});

/** A rule of a test; its name is its place unless it is said. */
export const rulesOf = (...rules: object[]): readonly Rule[] =>
  rules.map((rule, index) => ruleSchema.parse({ name: `r${index}`, description: 'A rule of a test.', ...rule }));
export const bundle = (...rules: object[]): Bundle => bundleOf(rulesOf(...rules));
export const pointOf = (...rules: object[]) => createDecisionPoint(bundle(...rules));
