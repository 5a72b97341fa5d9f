import { type Approval, isOpen } from '../domain/approval.ts';
import { iso } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { compose, ident, join, say } from '../domain/masked.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { ControlCommand } from '../domain/tool.ts';
import { approvalPart } from './answer/outcome.ts';
import { needsOf } from './answer/render.ts';
import { verdictError } from './answer/verdict.ts';
import type { Call } from './call.ts';
import type { Gate } from './gate.ts';
import { hold } from './hold.ts';
import { keptOutcome } from './kept.ts';
import { useApproval } from './use.ts';

/** The caller's own approvals: what it held, it can look at, go on with, or withdraw. Nobody sees another's. */
export async function control(gate: Gate, call: Call, command: ControlCommand): Promise<Outcome> {
  const { principal } = call.invocation;
  if (command.action === 'list') return listOpen(gate, call);
  const approval = await gate.approvals.read(command.id, principal);
  call.story = {
    ...call.story,
    approval: ident(approval.id),
    planDigest: ident(approval.planDigest),
    cluster: ident(approval.cluster.name),
  };
  switch (command.action) {
    case 'status':
      return answered(call, statusOutcome(gate, call, approval));
    case 'withdraw':
      return answered(call, await withdraw(gate, call, approval));
    case 'wait':
      return goOn(gate, call, approval, command.timeoutSeconds);
  }
}

/** Waits again and, once approved, runs exactly what was approved. What ran already answers with its kept result. */
async function goOn(gate: Gate, call: Call, approval: Approval, timeoutSeconds: number): Promise<Outcome> {
  if (!isOpen(approval.state)) {
    const kept = await keptOutcome(gate, call, approval);
    if (kept !== undefined) return kept;
    throw verdictError(approval);
  }
  const held = await hold(gate, call, { approval }, Math.min(timeoutSeconds * 1000, call.invocation.waitBudget));
  if (held.state === 'pending') return held.outcome;
  return useApproval(gate, call, held.approval);
}

async function listOpen(gate: Gate, call: Call): Promise<Outcome> {
  const approvals = await gate.approvals.list({ principal: call.invocation.principal, open: true });
  const rows = approvals.map(
    (approval) =>
      say`${ident(approval.id)}  ${ident(approval.state)}  ${needsOf(approval)}  until ${ident(iso(approval.decideBy))}  ${approval.card.summary}  plan ${ident(approval.planDigest)}`,
  );
  return answered(call, {
    status: 'ok',
    message: say`${approvals.length} open approvals of yours.`,
    next: approvals.length === 0 ? undefined : say`Call approval with an id to go on with it.`,
    data: compose({
      approvals: approvals.map((approval) => ({
        approval: approvalPart(gate.masker, approval),
        cluster: ident(approval.cluster.name),
        planned: approval.card.summary,
      })),
      audit: ident(call.id),
    }),
    text: join([...rows, say`Audit ${ident(call.id)}.`], say`\n`),
  });
}

async function withdraw(gate: Gate, call: Call, approval: Approval): Promise<Outcome> {
  const ended = await gate.approvals.close(approval.id, 'withdraw', 'the agent withdrew it');
  const now = await gate.approvals.read(approval.id, call.invocation.principal);
  if (ended) return statusOutcome(gate, call, now);
  throw new CountersignError('Conflict', `Approval ${approval.id} is ${now.state} and cannot be withdrawn any more`, {
    hint: `call approval {"id":"${approval.id}","action":"status"}`,
  });
}

function statusOutcome(gate: Gate, call: Call, approval: Approval): Outcome {
  const id = ident(approval.id);
  const open = isOpen(approval.state);
  const until = open ? say`Decided by ${ident(iso(approval.decideBy))} at the latest. ` : say``;
  return {
    status: 'ok',
    message: say`Approval ${id} is ${ident(approval.state)}, ${needsOf(approval)}, cluster ${ident(approval.cluster.name)}: ${approval.card.summary}.`,
    next: open ? say`Call approval {"id":"${id}"} to wait for it and run it.` : undefined,
    data: compose({
      cluster: ident(approval.cluster.name),
      approval: approvalPart(gate.masker, approval),
      planned: approval.card.summary,
      audit: ident(call.id),
    }),
    text: say`Plan ${ident(approval.planDigest)}. ${until}Audit ${ident(call.id)}.`,
  };
}

const answered = (call: Call, outcome: Outcome): Outcome => {
  call.note('Answered', { status: ident(outcome.status), auditIds: call.auditIds.count });
  return outcome;
};
