import { type Approval, isOpen } from '../domain/approval.ts';
import type { Cluster } from '../domain/cluster.ts';
import { isJsonObject, type Json, type JsonObject, stringAt } from '../domain/json.ts';
import { asObject, compose, ident, merge, open, say } from '../domain/masked.ts';
import { type Outcome, type Status, statuses } from '../domain/outcome.ts';
import type { Tool } from '../domain/tool.ts';
import type { Call } from './call.ts';
import { callDigestOf } from './draft.ts';
import type { Gate } from './gate.ts';

/** An outcome as it is kept, sealed, for an agent that may not have seen it. It passed the mask before. */
export const keepable = (outcome: Outcome): Json => ({
  status: outcome.status,
  message: open(outcome.message),
  next: outcome.next === undefined ? null : open(outcome.next),
  data: open(outcome.data),
  text: outcome.text === undefined ? null : open(outcome.text),
});

/** Longest wait for a run that is under way elsewhere, milliseconds: a client without notes gives up after a minute. */
const mostPatience = 30_000;

/**
 * The kept result of an approval that was used, through the mask again; a run that is under way is waited for. Undefined when
 * there is none.
 */
export async function keptOutcome(gate: Gate, call: Call, approval: Approval): Promise<Outcome | undefined> {
  await endOfRun(gate, call, approval);
  const kept = await gate.approvals.result(approval.id);
  const status = statuses.find((each) => each === stringAt(kept, 'status'));
  if (kept === undefined || status === undefined) return undefined;
  if (!call.invocation.signal.aborted) gate.answered.mark(approval.id);
  call.note('Executed', { replayed: true, auditIds: call.auditIds.count });
  return foundOut(gate, approval, outcomeOf(gate, kept, status));
}

/** The kept result says that nobody knows; by now somebody has looked. */
function foundOut(gate: Gate, { id, state, reconciled, undecidable, planDigest }: Approval, kept: Outcome): Outcome {
  if (kept.status !== 'unknown') return kept;
  if (reconciled === undefined)
    return undecidable === undefined
      ? kept
      : {
          ...kept,
          message: say`${kept.message} Countersign has read the cluster since, which does not tell: "${gate.masker.echo(undecidable)}". A person has to say what became of it.`,
        };
  const done = reconciled.command === 'succeed';
  const who =
    reconciled.by === undefined
      ? say`as Countersign found out since by reading the cluster`
      : say`as ${ident(reconciled.by)} found out since`;
  return {
    ...kept,
    status: done ? 'executed' : 'failed',
    message: say`${ident(done ? 'Executed' : 'Not executed')}, ${who}: "${gate.masker.echo(reconciled.because)}". Before that: ${kept.message}`,
    next: done
      ? say`Look at the object with get; do not send it again.`
      : say`Send the call again if it is still wanted, which asks for a new approval.`,
    data: merge(kept.data, compose({ approval: { id: ident(id), state: ident(state), digest: ident(planDigest) } })),
  };
}

async function endOfRun(gate: Gate, call: Call, { id, state }: Approval): Promise<void> {
  if (state !== 'claimed') return;
  const { signal, waitBudget } = call.invocation;
  const until = gate.clock.now() + Math.min(waitBudget, mostPatience);
  await gate.approvals.wait(id, { until, signal, while: 'claimed' });
}

function outcomeOf(gate: Gate, kept: Json, status: Status): Outcome {
  const text = stringAt(kept, 'text');
  const next = stringAt(kept, 'next');
  const data = isJsonObject(kept) && isJsonObject(kept.data) ? kept.data : {};
  return {
    status,
    message: say`${gate.masker.text(stringAt(kept, 'message') ?? '')} (This is the kept result of the call that ran before.)`,
    next: next === undefined ? undefined : gate.masker.text(next),
    data: asObject(gate.masker.object(data).value),
    text: text === undefined ? undefined : gate.masker.text(text),
  };
}

/** The kept result for the identical call of an agent that gave up waiting before it came: given once. */
export async function notSeenYet(
  gate: Gate,
  call: Call,
  tool: Tool,
  input: JsonObject,
  cluster: Cluster,
): Promise<Outcome | undefined> {
  if (!tool.access.mutates || input.dryRun === true) return undefined;
  await gate.answered.marked();
  const digest = callDigestOf(call.invocation.principal, cluster.name, tool.name, input);
  const attached = await gate.approvals.attach(call.invocation.principal, digest);
  if (attached === undefined || isOpen(attached.state)) return undefined;
  call.story = { ...call.story, approval: ident(attached.id) };
  return keptOutcome(gate, call, attached);
}
