import type { Approval } from '../domain/approval.ts';
import { brokenGlass } from '../domain/approval-exceptions.ts';
import { planDigestOf } from '../domain/digest.ts';
import { CountersignError } from '../domain/errors.ts';
import { ident } from '../domain/masked.ts';
import { isCode } from './answer/refuse.ts';
import { decideWhole } from './authorize.ts';
import type { Call } from './call.ts';
import { draft } from './draft.ts';
import { drifted } from './drift.ts';
import type { Gate, Prepared, Ready } from './gate.ts';
import { readSealedInput, type SealedInput } from './hold.ts';

const deniedNow = 'the policy now denies it';

/**
 * From approved to run: plan again, decide again, and only then end the waiting on disk, once, for one winner. What is run is
 * the fresh plan, whose digest is the approved one.
 * @throws PlanDrifted, Denied, ApprovalDenied, ApprovalExpired, ApprovalWithdrawn, Unauthorized
 */
export async function claim(gate: Gate, call: Call, approval: Approval): Promise<Ready> {
  const sealed = readSealedInput(await gate.approvals.input(approval.id));
  if (sealed === undefined) throw new CountersignError('Conflict', `Approval ${approval.id} has ended already`);
  const fresh = await planAgain(gate, call, approval, sealed);
  if (!stillApproved(approval, sealed, fresh)) throw await drifted(gate, call, approval, fresh, sealed.seen);
  const decision = await decideAgain(gate, call, approval, fresh);
  const requirement = decision.requirement ?? { ...approval.requirement, slots: [] };
  // What people approved is what the log's lines name, also where less than all of it is still there to be deleted.
  call.story = { ...call.story, planDigest: ident(approval.planDigest) };
  // Last of all: planning took its time. What was approved has a tool of its own, whose scope is needed now.
  await call.invocation.standing?.check(approval.tool);
  const claimed = await gate.approvals.claim(approval.id, requirement);
  if (brokenGlass(claimed.votes) !== undefined) call.story = { ...call.story, breakGlass: true };
  return { prepared: fresh, approval: claimed, masking: decision.masking, keyId: sealed.keyId };
}

/** Drafts what was approved from its sealed input. What cannot be planned any more has drifted; an outage has not. */
async function planAgain(gate: Gate, call: Call, approval: Approval, sealed: SealedInput): Promise<Prepared> {
  const tool = gate.tools.find(({ name }) => name === sealed.tool);
  if (tool === undefined || tool.kind !== 'tool')
    throw new CountersignError('Invalid', `There is no tool ${sealed.tool} any more`);
  // The approval's own, whatever else is configured now: a name that is gone is refused.
  const cluster = await gate.clusters.get(approval.cluster.name);
  const keyed = (data: string): string => gate.keyed(data, sealed.keyId);
  try {
    return await draft({ ...gate, keyed }, call, tool, sealed.input, cluster, sealed.pinned);
  } catch (thrown) {
    if (isCode(thrown, 'Denied')) await gate.approvals.close(approval.id, 'drift', deniedNow);
    if (!isCode(thrown, 'NotFound', 'Conflict', 'Invalid')) throw thrown;
    await gate.approvals.close(approval.id, 'drift', thrown.message);
    throw new CountersignError(
      'PlanDrifted',
      `Approved, but not executed: ${thrown.message}. ${approval.id} is now drifted`,
      {
        lines: thrown.lines,
        ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
        data: { approval: { id: approval.id, state: 'drifted', digest: approval.planDigest } },
      },
    );
  }
}

/** The same digest; for a delete also fewer objects than were approved, each of them as it was approved. */
function stillApproved(approval: Approval, sealed: SealedInput, fresh: Prepared): boolean {
  if (fresh.plan.planDigest === approval.planDigest) return true;
  const header = { cluster: fresh.plan.cluster, principal: approval.principal, tool: approval.tool };
  const sameCircumstances = planDigestOf(header, sealed.objectDigests) === approval.planDigest;
  const onlyDeletes = fresh.plan.requests.every(({ action }) => action === 'delete');
  return (
    sameCircumstances && onlyDeletes && fresh.objectDigests.every((digest) => sealed.objectDigests.includes(digest))
  );
}

async function decideAgain(gate: Gate, call: Call, approval: Approval, fresh: Prepared) {
  try {
    return decideWhole(gate, call, fresh);
  } catch (thrown) {
    if (isCode(thrown, 'Denied')) await gate.approvals.close(approval.id, 'drift', deniedNow);
    throw thrown;
  }
}
