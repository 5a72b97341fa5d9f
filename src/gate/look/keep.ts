import { toCountersignError } from '../../domain/errors.ts';
import type { OpenRuns } from '../../domain/open-run.ts';
import { objectId } from '../../domain/resource.ts';
import type { Call } from '../call.ts';
import type { Gate, Ready } from '../gate.ts';
import { keyIdOf, sentForm } from './sent.ts';

/**
 * Before it is sent, to find out by reading what became of it should the answer be lost. Without it a person has to look, so
 * that it cannot be kept stops nothing.
 */
export async function keepSent(gate: Gate, call: Call, { prepared, approval, keyId }: Ready): Promise<void> {
  if (!prepared.tool.access.mutates) return;
  const { plan } = prepared;
  const sent = sentForm(plan, keyId ?? keyIdOf(gate.keyed), gate.clock.now());
  if (sent === undefined) return;
  const objects = plan.effects.map(({ object }) => objectId(object));
  const { cluster, tool } = plan;
  const kept =
    approval === undefined
      ? gate.runs.begin({ invocation: call.id, tool, cluster, objects, sent })
      : gate.approvals.sending(approval.id, sent);
  await kept.catch((thrown: unknown) => warn(gate, call, 'what is sent could not be kept', thrown));
}

/** Of a run that nobody was asked about: an approval has its own end. */
export async function letGoOf(
  gate: Gate,
  call: Call,
  { prepared }: Ready,
  how: Parameters<OpenRuns['end']>[1],
): Promise<void> {
  if (!prepared.tool.access.mutates) return;
  await gate.runs
    .end(call.id, how)
    .catch((thrown: unknown) => warn(gate, call, 'what was sent is kept longer than needed', thrown));
}

const warn = (gate: Gate, call: Call, message: string, thrown: unknown): void =>
  gate.log.warn(message, { invocation: call.id, cause: toCountersignError(thrown).message });
