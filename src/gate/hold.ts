import { type Approval, type ApprovalDraft, isOpen } from '../domain/approval.ts';
import type { Decision, Requirement } from '../domain/decision.ts';
import { iso } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { isJsonObject, type Json, stringAt } from '../domain/json.ts';
import { compose, ident, type Masked, say } from '../domain/masked.ts';
import type { Outcome } from '../domain/outcome.ts';
import { objectId } from '../domain/resource.ts';
import { approvalPart, digestsText } from './answer/outcome.ts';
import { needsOf, planCard } from './answer/render.ts';
import { verdictError } from './answer/verdict.ts';
import type { Call } from './call.ts';
import { seenOf } from './drift.ts';
import type { Gate, Pin, Prepared } from './gate.ts';
import { keptOutcome } from './kept.ts';
import { keyIdOf } from './look/sent.ts';
import { watchStanding } from './standing.ts';

const noteEvery = 10_000;

/**
 * The approval that this call waits for: the open one of the identical call, or a new one. A changed plan of the same call
 * ends the old one as drifted.
 */
export async function askOrAttach(gate: Gate, call: Call, prepared: Prepared, decision: Decision): Promise<Approval> {
  const { plan } = prepared;
  const open = await gate.approvals.attach(plan.principal, prepared.callDigest);
  if (open !== undefined && isOpen(open.state) && open.planDigest === plan.planDigest) return open;
  if (open !== undefined && isOpen(open.state))
    await gate.approvals.close(open.id, 'drift', 'the same call now has another effect');
  const requirement = requirementOf(decision);
  const draft: ApprovalDraft = {
    invocation: call.id,
    principal: plan.principal,
    tool: plan.tool,
    cluster: plan.cluster,
    objects: plan.effects.map(({ object }) => objectId(object)),
    callDigest: prepared.callDigest,
    planDigest: plan.planDigest,
    manifestDigests: plan.manifestDigests.slice(),
    bundleDigest: decision.bundleDigest,
    rule: decision.rule ?? '',
    ...(decision.because === '' ? {} : { because: decision.because }),
    requirement,
    card: planCard(gate.masker, plan, stringAt(prepared.input, 'reason') ?? ''),
    input: sealedInput(gate, prepared),
  };
  return gate.approvals.request(draft);
}

/** A review without a requirement is a fault of the policy, and a fault is a deny. */
function requirementOf(decision: Decision): Requirement {
  if (decision.requirement !== undefined) return decision.requirement;
  throw new CountersignError('Denied', 'The policy asks for a review and does not say by whom');
}

/** What is kept, sealed, to run exactly this later: the canonical input, what its selector meant, and the key of its tokens. */
export interface SealedInput {
  readonly tool: string;
  readonly input: { readonly [key: string]: Json };
  readonly pinned: readonly Pin[];
  readonly objectDigests: readonly string[];
  readonly keyId: string;
  /** What people saw of each object: to say what changed, if it did. */
  readonly seen: Json;
}

const sealedInput = (gate: Gate, prepared: Prepared): Json => ({
  tool: prepared.tool.name,
  input: prepared.input,
  pinned: prepared.pinned.map(({ namespace, name, uid }) => ({ namespace: namespace ?? null, name, uid })),
  objectDigests: prepared.objectDigests,
  keyId: keyIdOf(gate.keyed),
  seen: seenOf(prepared.plan.effects),
});

export function readSealedInput(json: Json | undefined): SealedInput | undefined {
  if (!isJsonObject(json) || !isJsonObject(json.input)) return undefined;
  const pinned = Array.isArray(json.pinned) ? json.pinned : [];
  return {
    tool: stringAt(json, 'tool') ?? '',
    input: json.input,
    pinned: pinned.map((pin: Json) => ({
      namespace: stringAt(pin, 'namespace'),
      name: stringAt(pin, 'name') ?? '',
      uid: stringAt(pin, 'uid') ?? '',
    })),
    objectDigests: Array.isArray(json.objectDigests) ? json.objectDigests.map(String) : [],
    keyId: stringAt(json, 'keyId') ?? '',
    seen: json.seen ?? [],
  };
}

/** What a call waits for, as it was seen last: one copy for all functions that wait, however many calls do. */
export interface Waiting {
  approval: Approval;
}

export type Held =
  | { readonly state: 'approved'; readonly approval: Approval }
  | { readonly state: 'pending'; readonly outcome: Outcome };

/**
 * Waits for the verdict as long as this client is patient, with a note at once and every 10 s. A wait is only a view of the
 * record: cancelling, a time-out or a lost client detach, and what nobody claims does not run.
 * @throws ApprovalDenied, ApprovalExpired, ApprovalWithdrawn, PlanDrifted, Unauthorized
 */
export async function hold(
  gate: Gate,
  call: Call,
  waiting: Waiting,
  budget = call.invocation.waitBudget,
): Promise<Held> {
  const { id, tool } = waiting.approval;
  call.story = { ...call.story, approval: ident(id) };
  const patience = gate.clock.now() + budget;
  const detach = gate.approvals.awaitedBy(id);
  const watch = watchStanding(call);
  gate.held.calls += 1;
  try {
    while (waiting.approval.state === 'pending' && gate.clock.now() < patience && !call.invocation.signal.aborted) {
      call.progress(waitingNote(gate, waiting.approval));
      const until = Math.min(gate.clock.now() + noteEvery, patience);
      const signal = watch.next();
      await call.invocation.standing?.check(tool);
      waiting.approval = await gate.approvals.wait(id, { until, signal });
    }
    // What ended the wait may have been that the caller does not stand any more: then that is the answer, and no verdict.
    await call.invocation.standing?.check(tool);
    return verdictOf(gate, call, waiting.approval);
  } finally {
    gate.held.calls -= 1;
    watch.stop();
    detach();
  }
}

async function verdictOf(gate: Gate, call: Call, approval: Approval): Promise<Held> {
  // A client that is gone claims nothing: it cannot be told what happened.
  if (approval.state === 'approved' && !call.invocation.signal.aborted) return { state: 'approved', approval };
  if (approval.state === 'pending' || approval.state === 'approved') {
    call.note('Answered', { status: ident('approval_pending'), auditIds: call.auditIds.count });
    return { state: 'pending', outcome: pending(gate, call, approval) };
  }
  const kept = await keptOutcome(gate, call, approval);
  if (kept !== undefined) return { state: 'pending', outcome: kept };
  throw verdictError(approval);
}

/** At most 200 characters: `Waiting for approval cs-7f3k2m: 0 of 1 from group sre, the terminal, 13 min left`. */
function waitingNote(gate: Gate, approval: Approval): Masked<string> {
  const minutes = Math.max(0, Math.ceil((approval.decideBy - gate.clock.now()) / 60_000));
  return say`Waiting for approval ${ident(approval.id)}: ${needsOf(approval)}, ${ident(gate.askedIn)}, ${minutes} min left`;
}

function pending(gate: Gate, call: Call, approval: Approval): Outcome {
  const id = ident(approval.id);
  const time = ident(iso(approval.decideBy).slice(11, 19));
  return {
    status: 'approval_pending',
    message: say`Not executed: waiting for a person. Approval ${id}, ${needsOf(approval)}, asked in ${ident(gate.askedIn)}, decided by ${time}Z at the latest. Cluster ${ident(approval.cluster.name)}.`,
    next: say`call approval {"id":"${id}"}; it waits again and, once approved, runs exactly this. Do not send ${ident(approval.tool)} again, do not split or reword it, do not use a shell or another tool. If you must end your turn, tell the user: "waiting for approval ${id}; say continue once it is approved".`,
    data: compose({
      cluster: ident(approval.cluster.name),
      approval: approvalPart(gate.masker, approval),
      planned: approval.card.summary,
      objects: approval.objects,
      manifestDigests: approval.manifestDigests.map(ident),
      audit: ident(call.id),
    }),
    text: say`Planned in ${ident(approval.cluster.name)}: ${approval.card.summary}. ${digestsText(approval.planDigest, approval.manifestDigests)} Audit ${ident(call.id)}.`,
  };
}
