import { setTimeout } from 'node:timers/promises';
import type { ExecutionHandle, RequestContext } from '../domain/cluster.ts';
import { type CountersignError, toCountersignError } from '../domain/errors.ts';
import { listAt, stringAt } from '../domain/json.ts';
import { compose, ident, join, type Masked, say } from '../domain/masked.ts';
import type { Masker } from '../domain/masker.ts';
import type { Status } from '../domain/outcome.ts';
import { type ExecRequest, isMutating, type MutatingRequest, type PlannedRequest } from '../domain/request.ts';
import { objectLabel, resourceGroup } from '../domain/resource.ts';
import type { ToolAnswer } from '../domain/tool.ts';
import { echoing } from './answer/echoing.ts';
import { type ChangeResult, changePart, notesText, warningsOf } from './answer/outcome.ts';
import { sentence } from './answer/refuse.ts';
import { effectLines } from './answer/render.ts';
import type { Call } from './call.ts';
import type { Gate, Prepared, Ready } from './gate.ts';
import { runProgram } from './run-program.ts';
import { type Sent, sentResult } from './sent.ts';

/** The first, and three re-plans. */
const tries = 4;
/** How long, and how often, the API server is asked whether it serves a new definition; milliseconds. */
const mostWait = 10_000;
const pause = 100;

/** Every mutating request of the plan in order until one does not succeed; says of each object how it ended. */
export async function sendAll(
  gate: Gate,
  call: Call,
  ready: Ready,
  handle: ExecutionHandle,
  context: RequestContext,
): Promise<ToolAnswer> {
  const { prepared } = ready;
  const requests = prepared.plan.requests.filter(isMutating);
  const [only] = requests;
  if (only?.action === 'exec') return runProgram(gate, call, ready, handle, only);
  const masker = echoing(gate.masker, call);
  const ended: Sent[] = [];
  for (const index of requests.keys()) {
    const sent = await sendOne(gate, masker, prepared, handle, index, context);
    ended.push(sent);
    if (sent.error !== undefined) break;
    // What it waits for in vain, the next request says better; this one succeeded.
    await established(prepared, index, context).catch(() => undefined);
  }
  return answerOf(masker, call, prepared, ended);
}

interface Sending {
  readonly request: PlannedRequest | undefined;
  readonly handle: ExecutionHandle;
}

/**
 * One request. A lost race (409 without a field manager) is planned again, three times at most, and sent only if the plan for
 * this object still has the digest that was approved. The new plan is good for this object alone: what follows in the call
 * goes by the plan that was approved whole.
 */
async function sendOne(
  gate: Gate,
  masker: Masker,
  approved: Prepared,
  handle: ExecutionHandle,
  index: number,
  context: RequestContext,
): Promise<Sent> {
  let sending: Sending = { request: approved.plan.requests[index], handle };
  for (let attempt = 1; ; attempt++) {
    const request = sending.request as Exclude<MutatingRequest, ExecRequest>;
    try {
      return sentResult(masker, request, await sending.handle.send(request));
    } catch (thrown) {
      const error = toCountersignError(thrown);
      if (wasGone(approved, request, error)) return { result: 'gone' };
      const again =
        error.conflict === 'race' && attempt < tries ? await planAgain(gate, approved, index, context) : undefined;
      if (again === undefined) return { result: error.code === 'Unknown' ? 'unknown' : 'failed', error };
      sending = again;
    }
  }
}

/** One of several objects that a delete named and that somebody else deleted first: said, and no failure. */
const wasGone = (approved: Prepared, request: MutatingRequest, error: CountersignError): boolean =>
  request.action === 'delete' &&
  approved.plan.requests.length > 1 &&
  (error.code === 'NotFound' || error.conflict === 'gone');

/** Undefined: it is not what was approved any more, or cannot be planned; then the lost race is how it ended. */
async function planAgain(
  gate: Gate,
  approved: Prepared,
  index: number,
  context: RequestContext,
): Promise<Sending | undefined> {
  const prepared = await approved.again().catch(() => undefined);
  // By digest, not by place: what this call deleted before it is not in the new plan.
  const request = prepared?.plan.requests[prepared.objectDigests.indexOf(approved.objectDigests[index] ?? '')];
  if (prepared === undefined || request === undefined) return undefined;
  const grant = gate.mint({ planDigest: prepared.plan.planDigest, requests: [request] });
  return { request, handle: prepared.cluster.execution(grant, context) };
}

/** A custom resource in the same call waits until its definition is served. */
async function established(prepared: Prepared, index: number, context: RequestContext): Promise<void> {
  const request = prepared.plan.requests[index];
  if (request?.action !== 'apply' || index === prepared.plan.requests.length - 1) return;
  if (resourceGroup(request.object.type) !== 'customresourcedefinitions.apiextensions.k8s.io') return;
  const planning = prepared.cluster.planning(context);
  for (let waited = 0; waited < mostWait; waited += pause) {
    const definition = await planning.get(request.object);
    const conditions = listAt(definition, 'status', 'conditions');
    if (conditions.some((each) => stringAt(each, 'type') === 'Established' && stringAt(each, 'status') === 'True'))
      return;
    await setTimeout(pause);
  }
}

function answerOf(masker: Masker, call: Call, prepared: Prepared, ended: readonly Sent[]): ToolAnswer {
  const { plan } = prepared;
  const failed = ended.find(({ error }) => error !== undefined);
  const done = ended.filter(({ error, result }) => error === undefined && result !== 'gone').length;
  const results = plan.effects.map((_, index): ChangeResult => ended[index]?.result ?? 'not attempted');
  const status = statusOf(done, failed);
  const verb = titles[prepared.tool.name] ?? 'Changed';
  const cluster = ident(plan.cluster.name);
  const heads = plan.effects.map((effect, index) => say`${objectLabel(effect.object)} ${ident(results[index] ?? '')}`);
  const outcome = failed?.error === undefined ? say`` : say` ${errorText(masker, failed.error)}`;
  const next = nextOf(masker, prepared, status, failed?.error);
  return {
    status,
    message: say`${ident(verb)} ${done} of ${plan.effects.length} in cluster ${cluster}: ${join(heads, say`; `)}.${outcome}`,
    ...(next === undefined ? {} : { next }),
    data: compose({
      changes: results.map((result, index) => changePart(masker, prepared, index, result)),
      warnings: [...warningsOf(masker, plan.effects), ...ended.flatMap(({ warnings }) => warnings ?? [])],
      notes: plan.notes.map((note) => masker.echo(note)),
      planDigest: ident(plan.planDigest),
      auditIds: call.auditIds.count,
    }),
    text: textOf(masker, prepared, ended),
  };
}

const titles: Readonly<Record<string, string>> = { apply: 'Applied', delete: 'Deleted', scale: 'Scaled' };

function statusOf(done: number, failed: Sent | undefined): Status {
  if (failed?.error === undefined) return 'executed';
  if (failed.result === 'unknown') return 'unknown';
  if (done > 0) return 'partial';
  return failed.error.code === 'Conflict' ? 'conflict' : 'failed';
}

const errorText = (masker: Masker, error: CountersignError): Masked<string> => {
  const upstream = error.upstream === undefined ? say`` : say` The API server says: ${masker.text(error.upstream)}`;
  return say`${masker.echo(sentence(error.message))}${upstream}`;
};

function nextOf(
  masker: Masker,
  prepared: Prepared,
  status: Status,
  error: CountersignError | undefined,
): Masked<string> | undefined {
  if (status === 'unknown')
    return say`Nobody knows whether this was done. Look at the object with get before anything else; do not send it again blindly.`;
  if (status === 'partial') return say`Look at what is there with get, and send again only what was not done.`;
  if (error?.hint !== undefined) return masker.echo(sentence(error.hint));
  return prepared.tool.name === 'apply' || prepared.tool.name === 'scale'
    ? say`The rollout has only begun; look at it with get.`
    : undefined;
}

function textOf(masker: Masker, prepared: Prepared, ended: readonly Sent[]): Masked<string> {
  const { plan } = prepared;
  const diffs = plan.effects.map((effect, index) =>
    join(effectLines(masker, effect, plan.requests[index], 'agent'), say`\n`),
  );
  const warnings = ended.flatMap(({ warnings: more }) => more ?? []).map((warning) => say`Warning: ${warning}`);
  return join([...diffs, ...notesText(masker, plan.notes), ...warnings], say`\n`);
}
