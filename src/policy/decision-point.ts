import type { Decision, DecisionPoint } from '../domain/decision.ts';
import type { Bundle } from './bundle.ts';
import { createRulePoint } from './decide.ts';

/** A bundle as a decision point; of a broken one it denies everything and says what is wrong. */
export function createDecisionPoint(bundle: Bundle): DecisionPoint {
  if (bundle.rules !== undefined) return createRulePoint(bundle.compiled, bundle.digest);
  const decision: Decision = {
    verdict: 'deny',
    rule: undefined,
    matched: [],
    because: `The policy cannot be used, so everything is denied: ${bundle.fault}.`,
    requirement: undefined,
    bundleDigest: bundle.digest,
  };
  return {
    bundleDigest: bundle.digest,
    first: () => ({ undecided: false, decision }),
    decide: () => decision,
    readsFact: () => false,
  };
}
