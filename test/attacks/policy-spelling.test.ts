import { expect, it } from 'vitest';
import type { DecisionInput } from '../../src/domain/decision.ts';
import { bundleOf } from '../../src/policy/bundle.ts';
import { createDecisionPoint } from '../../src/policy/decision-point.ts';
import { ruleSchema } from '../../src/policy/rule.ts';

/** An agent picks words for its call that a rule could take for more than it says: patterns, prototypes, the empty call. */
it('no spelling of resource, namespace or agent gets past a rule', () => {
  const rules = [
    {
      name: 'pods-only',
      description: 'Pods may be read.',
      effect: 'allow',
      match: { resources: ['pods'], namespaces: ['shop'] },
    },
    { name: 'no-system', description: 'Not the system.', effect: 'deny', match: { namespaces: ['kube-*'] } },
  ].map((rule) => ruleSchema.parse(rule));
  const point = createDecisionPoint(bundleOf(rules));
  const principal = { issuer: '', subject: '', agent: '*', groups: [], verified: false };
  const call = (resourceGroup: string, namespace: string | null): DecisionInput => ({
    principal,
    tool: 'get',
    cluster: '*',
    facts: undefined,
    now: 0,
    targets: [{ resourceGroup, access: { verb: 'get' }, namespace }],
  });
  expect(point.decide(call('pods', 'shop')).verdict).toBe('allow');
  for (const resource of ['*', 'Pods', 'pods ', 'pods/exec', 'pods.', '__proto__', '', 'xpods'])
    expect(point.decide(call(resource, 'shop')).verdict).toBe('deny');
  for (const namespace of ['*', 'shop ', 'SHOP', '', 'shop/kube-system', null, 'kube-system'])
    expect(point.decide(call('pods', namespace)).verdict).toBe('deny');
  expect(point.decide({ ...call('pods', 'shop'), targets: [] }).verdict).toBe('deny');
});
