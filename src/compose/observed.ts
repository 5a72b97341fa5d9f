import type { Approvals } from '../domain/approval.ts';
import type { DecisionPoint } from '../domain/decision.ts';
import type { Clock } from '../domain/environment.ts';
import type { Invoke } from '../domain/invocation.ts';
import type { Metrics } from '../domain/metrics.ts';
import type { AnyTool } from '../domain/tool.ts';

/** Parts of the program that are counted and timed from outside, so that none of them knows of metrics. */
export interface Observed {
  readonly policy: (current: () => DecisionPoint) => () => DecisionPoint;
  readonly approvals: (approvals: Approvals) => Approvals;
  readonly invoke: (invoke: Invoke) => Invoke;
}

/** Without metrics everything is what it was: stdio pays nothing. */
export function observed(metrics: Metrics | undefined, clock: Clock, tools: readonly AnyTool[]): Observed {
  if (metrics === undefined) return { policy: (same) => same, approvals: (same) => same, invoke: (same) => same };
  const names = new Set(tools.map(({ name }) => name));
  return {
    policy: (current) => watchedPolicy(current, metrics),
    approvals: (approvals) => ({
      ...approvals,
      awaitedBy: (id) => {
        const detach = approvals.awaitedBy(id);
        const since = clock.now();
        return () => {
          detach();
          metrics.observe('wait_seconds', (clock.now() - since) / 1_000);
        };
      },
    }),
    invoke: (invoke) => async (invocation) => {
      const since = clock.now();
      const outcome = await invoke(invocation);
      // A name that somebody made up is not a label: there would be as many as anybody likes.
      const tool = names.has(invocation.tool) ? invocation.tool : 'unknown';
      metrics.count('calls', { tool, status: outcome.status });
      metrics.observe('call_seconds', (clock.now() - since) / 1_000, { tool });
      return outcome;
    },
  };
}

/** A decision point is there as long as its bundle is in force: it is wrapped once. */
function watchedPolicy(current: () => DecisionPoint, metrics: Metrics): () => DecisionPoint {
  let known: DecisionPoint | undefined;
  let watched: DecisionPoint | undefined;
  return () => {
    const point = current();
    if (watched === undefined || point !== known) {
      known = point;
      watched = {
        bundleDigest: point.bundleDigest,
        readsFact: (name, verb) => point.readsFact(name, verb),
        first: (input) => {
          const result = point.first(input);
          if (!result.undecided) metrics.count('decisions', { verdict: result.decision.verdict });
          return result;
        },
        decide: (input) => {
          const decision = point.decide(input);
          metrics.count('decisions', { verdict: decision.verdict });
          return decision;
        },
      };
    }
    return watched;
  };
}
