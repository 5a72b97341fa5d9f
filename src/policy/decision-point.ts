import type { Decision, DecisionPoint } from '../domain/decision.ts';
import { type Bundle, loadBundle } from './bundle.ts';
import { createRulePoint } from './decide.ts';

/** A bundle as a decision point; of a broken one it denies everything and says what is wrong. */
export function createDecisionPoint(bundle: Bundle): DecisionPoint {
  if (bundle.rules !== undefined) return createRulePoint(bundle.rules, bundle.digest);
  const decision: Decision = {
    verdict: 'deny',
    rule: undefined,
    matched: [],
    because: `The policy cannot be used, so everything is denied: ${bundle.fault}.`,
    requirement: undefined,
    bundleDigest: bundle.digest,
  };
  return { bundleDigest: bundle.digest, first: () => ({ undecided: false, decision }), decide: () => decision };
}

export interface LoadedPolicy {
  readonly point: DecisionPoint;
  /** Why everything is denied; undefined: the bundle is good. HTTP refuses to start with one. */
  readonly fault: string | undefined;
}

export async function loadPolicy(folder: string): Promise<LoadedPolicy> {
  const bundle = await loadBundle(folder);
  return { point: createDecisionPoint(bundle), fault: bundle.fault };
}
