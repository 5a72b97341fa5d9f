/**
 * The way of a call. Every tool, reads included, takes this one path; docs/architecture.md draws it.
 */
import { CountersignError, toCountersignError } from '../domain/errors.ts';
import { parseInput } from '../domain/input.ts';
import type { Invocation, Invoke } from '../domain/invocation.ts';
import type { JsonObject } from '../domain/json.ts';
import { ident } from '../domain/masked.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { AnyTool, Tool } from '../domain/tool.ts';
import { answerDryRun } from './answer/outcome.ts';
import { refuse, refuseAndRecord } from './answer/refuse.ts';
import { createAnswered } from './answered.ts';
import { decideFirst, decideWhole } from './authorize.ts';
import { beginCall, type Call, clusterOf } from './call.ts';
import { control } from './control.ts';
import { createCursors } from './cursors.ts';
import { draft } from './draft.ts';
import { executePlan } from './execute.ts';
import type { Gate } from './gate.ts';
import { askOrAttach, type Held, hold, type Waiting } from './hold.ts';
import { notSeenYet } from './kept.ts';
import { createLimiter, type Entered } from './limit.ts';
import { createMaskHits } from './mask-hits.ts';
import type { GatePorts } from './ports.ts';
import { useApproval } from './use.ts';

export function createInvoke(ports: GatePorts): Invoke {
  const limiter = createLimiter(ports.limits, ports.clock);
  const gate: Gate = {
    ...ports,
    cursors: createCursors(ports.clock, ports.random),
    answered: createAnswered(ports),
    hits: createMaskHits(ports.clock),
    held: { calls: 0 },
  };
  const atWork = (): number => limiter.inFlight - gate.held.calls;
  return async (invocation) => {
    const call = beginCall(gate, invocation, atWork);
    let entered: Entered;
    try {
      entered = limiter.enter(invocation.principal);
    } catch (thrown) {
      return refuse(gate, call, toCountersignError(thrown));
    }
    try {
      let outcome: Outcome;
      try {
        const passed = await throughTheGate(gate, call, entered);
        // Here and not one function deeper: calls wait by the thousand, and each function that waits takes its memory.
        outcome = 'approval' in passed ? await countersigned(gate, call, await hold(gate, call, passed)) : passed;
      } catch (thrown) {
        outcome = await refuseAndRecord(gate, call, toCountersignError(thrown));
      }
      await call.intended;
      return outcome;
    } catch (thrown) {
      return refuse(gate, call, toCountersignError(thrown));
    } finally {
      entered.leave();
    }
  };
}

/** The answer, or the approval that the call has to wait for. */
async function throughTheGate(gate: Gate, call: Call, { dropped }: Entered): Promise<Outcome | Waiting> {
  // What the rate limit dropped: one line, so that a flood shows and does not fill the disk.
  if (dropped > 0) call.note('CallsDropped', { dropped });
  const named = gate.tools.find(({ name }) => name === call.invocation.tool);
  // A read is planned while its intent is written: the one request that it sends waits for it.
  const waits = named === undefined || named.kind === 'control' || named.access.mutates;
  call.intend({ client: ident(call.invocation.client.name.slice(0, 64)) }, waits ? 'waits' : 'plans');

  const stands = call.invocation.standing?.check(call.invocation.tool);
  if (stands !== undefined) await stands;
  const tool = named ?? unknownTool(gate, call.invocation);
  const input = checkInput(gate, tool, call.invocation);
  if (waits) await call.intended;
  if (tool.kind === 'control') return control(gate, call, tool.command(input));

  return planAndAsk(gate, call, tool, input);
}

/** After the wait: what was approved runs; what was not is told. */
const countersigned = async (gate: Gate, call: Call, held: Held): Promise<Outcome> =>
  held.state === 'pending' ? held.outcome : useApproval(gate, call, held.approval);

/** Nothing of the plan is kept while people decide. */
async function planAndAsk(gate: Gate, call: Call, tool: Tool, input: JsonObject): Promise<Outcome | Waiting> {
  const cluster = await clusterOf(gate, call, input);
  decideFirst(gate, call, tool, input, cluster);
  const kept = await notSeenYet(gate, call, tool, input, cluster);
  if (kept !== undefined) return kept;
  const prepared = await draft(gate, call, tool, input, cluster);
  const decision = decideWhole(gate, call, prepared);

  if (input.dryRun === true) return answerDryRun(gate, call, prepared, decision);
  // Planning took its time, and nobody is waited for: what changes something is sent for a caller who still stands.
  if (decision.verdict === 'allow' && tool.access.mutates) await call.invocation.standing?.check(tool.name);
  if (decision.verdict === 'allow')
    return executePlan(gate, call, { prepared, approval: undefined, masking: decision.masking });

  return { approval: await askOrAttach(gate, call, prepared, decision) };
}

/** @throws Invalid */
function unknownTool(gate: Gate, { tool }: Invocation): never {
  throw new CountersignError('Invalid', `There is no tool ${JSON.stringify(tool.slice(0, 64))}`, {
    hint: `use one of ${gate.tools.map(({ name }) => name).join(', ')}`,
  });
}

/** @throws Invalid for what is too large, does not fit the schema, or carries one of our own placeholders */
function checkInput(gate: Gate, tool: AnyTool, { input, inputBytes }: Invocation): JsonObject {
  if (inputBytes > gate.limits.inputBytes) {
    throw new CountersignError(
      'Invalid',
      `The call has ${inputBytes} bytes; at most ${gate.limits.inputBytes} are taken`,
      {
        hint: 'split the manifest into several calls',
      },
    );
  }
  const parsed = parseInput(tool, input);
  const placeholder = gate.masker.placeholderIn(parsed);
  if (placeholder === undefined) return parsed;
  throw new CountersignError('Invalid', `A masked placeholder stands in the input, at ${placeholder}`, {
    hint: 'leave masked keys out: what a manifest omits stays as it is',
  });
}
