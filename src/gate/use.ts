import type { Approval } from '../domain/approval.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Call } from './call.ts';
import { claim } from './claim.ts';
import { executePlan } from './execute.ts';
import type { Gate, Ready } from './gate.ts';
import { keptOutcome } from './kept.ts';

/** Claims and runs what was approved. Where another call was faster, its result: one approval, one run. */
export async function useApproval(gate: Gate, call: Call, approval: Approval): Promise<Outcome> {
  let ready: Ready;
  try {
    ready = await claim(gate, call, approval);
  } catch (thrown) {
    const others = await resultOfOther(gate, call, approval.id);
    if (others === undefined) throw thrown;
    return others;
  }
  return executePlan(gate, call, ready);
}

/** Undefined: nobody used it, or nothing is known of how that ended; then the reason why this call could not says more. */
async function resultOfOther(gate: Gate, call: Call, id: string): Promise<Outcome | undefined> {
  const now = await gate.approvals.read(id).catch(() => undefined);
  return now && keptOutcome(gate, call, now);
}
