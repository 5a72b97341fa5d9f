import { expect, it } from 'vitest';
import { denied } from '../../../src/gate/authorize.ts';
import { bundleOf } from '../../../src/policy/bundle.ts';
import { createDecisionPoint } from '../../../src/policy/decision-point.ts';
import type { Rule } from '../../../src/policy/rule.ts';

const input = {
  principal: { issuer: 'local', subject: 'ana', groups: [], agent: 'local:ana', verified: false },
  tool: 'get',
  cluster: 'shop-test',
  targets: [{ resourceGroup: 'pods', access: { verb: 'get' as const }, namespace: 'shop' }],
  facts: undefined,
  now: 0,
};
const stop: Rule = { name: 'stop', description: 'Everything is stopped for now.', match: {}, effect: 'deny' };
const messageWith = (rules: readonly Rule[]): string =>
  denied('shop-test', createDecisionPoint(bundleOf(rules)).decide(input)).message;

it('names the rule and its words', () => {
  expect(messageWith([stop])).toBe(
    'Denied by policy, not executed. Rule stop: Everything is stopped for now (shop-test).',
  );
});

it('says when no rule allows the call', () => {
  expect(messageWith([{ ...stop, effect: 'allow', match: { tools: ['apply'] } }])).toContain('No rule allows this');
});

it('says what is wrong with a policy that cannot be used', () => {
  expect(messageWith([])).toContain('The policy cannot be used, so everything is denied: the policy has no rules');
});
