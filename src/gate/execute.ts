import type { Approval } from '../domain/approval.ts';
import { withoutBookkeeping } from '../domain/bookkeeping.ts';
import type { ExecutionHandle, RequestContext } from '../domain/cluster.ts';
import { iso } from '../domain/environment.ts';
import { type CountersignError, toCountersignError } from '../domain/errors.ts';
import { compose, type Ident, ident, join, type Masked, merge, say } from '../domain/masked.ts';
import type { Outcome, Status } from '../domain/outcome.ts';
import {
  type GetRequest,
  type ListRequest,
  type LogsRequest,
  namespaceOf,
  type PlannedRequest,
  typeOf,
} from '../domain/request.ts';
import type { KeptLines, LogTail, MaskedResponse, ToolAnswer, ToolCluster } from '../domain/tool.ts';
import { echoing } from './answer/echoing.ts';
import { approvalPart } from './answer/outcome.ts';
import { refuse } from './answer/refuse.ts';
import { needsOf } from './answer/render.ts';
import type { Call } from './call.ts';
import type { Gate, Prepared, Ready } from './gate.ts';
import { keepable } from './kept.ts';
import { keepSent, letGoOf } from './look/keep.ts';
import { objectScope, outputScope, reducedNote } from './reach.ts';
import { readLogs } from './read-logs.ts';
import { sendAll } from './send-all.ts';
import { whileStanding } from './standing.ts';

/**
 * Grant, Authorized on disk, execute, mask, outcome on disk. Once something may have been sent nothing is thrown: whatever
 * happens has a line in the log and, for an approved call, a kept result.
 * @throws AuditUnavailable: what cannot be recorded does not run
 */
export async function executePlan(gate: Gate, call: Call, ready: Ready): Promise<Outcome> {
  const { prepared, approval } = ready;
  if (!prepared.tool.access.mutates && approval === undefined) {
    // RequestReceived was the intent of a read; this line rides the next flush.
    call.note('Authorized', { verdict: ident('allow') });
    return runAndRecord(gate, call, ready);
  }
  try {
    await Promise.all([authorized(call, prepared, approval), keepSent(gate, call, ready)]);
  } catch (thrown) {
    if (approval !== undefined) await settle(gate, call, approval, refuse(gate, call, toCountersignError(thrown)));
    else await letGoOf(gate, call, ready, 'known');
    throw thrown;
  }
  const outcome = await runAndRecord(gate, call, ready);
  if (approval !== undefined) await settle(gate, call, approval, outcome);
  else await letGoOf(gate, call, ready, outcome.status === 'unknown' ? 'lost' : 'known');
  return outcome;
}

async function runAndRecord(gate: Gate, call: Call, ready: Ready): Promise<Outcome> {
  const { prepared, approval } = ready;
  let outcome: Outcome;
  let code: string | undefined;
  try {
    outcome = outcomeOf(gate, call, await run(gate, call, ready), approval);
  } catch (thrown) {
    const error = await explain(prepared, toCountersignError(thrown));
    code = error.code;
    outcome = refuse(gate, call, error);
  }
  await recordOutcome(gate, call, prepared, outcome.status, code);
  return outcome;
}

/** On disk before anything is sent; for a read RequestReceived was the intent. */
async function authorized(call: Call, prepared: Prepared, approval: Approval | undefined): Promise<void> {
  const fields = { verdict: ident(approval === undefined ? 'allow' : 'review') };
  if (!prepared.tool.access.mutates) return call.note('Authorized', fields);
  await call.record('Authorized', {
    ...fields,
    needs: approval?.need ?? 0,
    ...sentVersions(prepared.plan.requests),
  });
}

/** Each request's precondition, in the order of `objects`; exec has none. What a lost race is planned again with is not here. */
const sentVersions = (requests: readonly PlannedRequest[]): { readonly resourceVersion?: readonly Ident[] } =>
  requests.every(({ action }) => action === 'exec')
    ? {}
    : { resourceVersion: requests.map((each) => ident(('resourceVersion' in each && each.resourceVersion) || '')) };

/** A program runs for as long as its caller stands; whatever else is sent is over at once, and is not cut in the middle. */
const run = (gate: Gate, call: Call, ready: Ready): Promise<ToolAnswer> => {
  const { prepared, approval } = ready;
  const { mutates, subresource } = prepared.tool.access;
  const of = mutates ? (approval?.id ?? '') : undefined;
  return subresource === 'exec'
    ? whileStanding(call, prepared.tool.name, (signal) => send(gate, call, ready, call.context(of, signal)))
    : send(gate, call, ready, call.context(of));
};

async function send(gate: Gate, call: Call, ready: Ready, context: RequestContext): Promise<ToolAnswer> {
  const { prepared } = ready;
  const { plan, tool, cluster, view } = prepared;
  const grant = gate.mint(plan);
  const handle = cluster.execution(grant, context);
  const toolCluster: ToolCluster = {
    name: plan.cluster.name,
    send: (request) => sendMasked(gate, call, ready, handle, request),
    logs: (request, keep) => showLog(gate, call, ready, handle, request, keep),
    keepCursor: (request, token, kept) => gate.cursors.keep(plan.principal, cluster.name, request, token, kept),
    namespaceExists: (namespace) => prepared.namespaceExists(namespace),
    sendAll: () => sendAll(gate, call, ready, handle, context),
  };
  return tool.run(plan, toolCluster, view);
}

/** Its pod's values in reach are known before its first line is read. */
async function showLog(
  gate: Gate,
  call: Call,
  ready: Ready,
  handle: ExecutionHandle,
  request: LogsRequest,
  keep: KeptLines,
): Promise<LogTail> {
  return readLogs(gate, handle, request, await outputScope(gate, call, ready, request.object), keep);
}

async function sendMasked(
  gate: Gate,
  call: Call,
  { prepared, masking }: Ready,
  handle: ExecutionHandle,
  request: GetRequest | ListRequest,
): Promise<MaskedResponse> {
  const cluster = prepared.plan.cluster.name;
  const reach = objectScope(gate, call, cluster, namespaceOf(request), masking);
  // What the API server says comes first: that it is down, or that there is no such object.
  reach.catch(() => undefined);
  const response = await handle.send(request);
  const scope = await reach;
  const { value, masked } = gate.masker.object(withoutBookkeeping(response.body), scope, typeOf(request));
  const warnings = response.warnings.map((warning) => echoing(gate.masker, call).text(warning, scope));
  return { body: value, masked, warnings };
}

function outcomeOf(gate: Gate, call: Call, answer: ToolAnswer, approval: Approval | undefined): Outcome {
  const cluster = call.story.cluster;
  const status = answer.status ?? 'ok';
  const ended = approval === undefined ? undefined : { ...approval, state: endOf[eventOf(status)] };
  const around = compose({
    cluster: typeof cluster === 'string' ? ident(cluster) : undefined,
    approval: ended === undefined ? undefined : approvalPart(gate.masker, ended),
    audit: ident(call.id),
    masking: call.story.masking === undefined ? undefined : ident('reduced'),
  });
  return {
    status,
    message: answer.message,
    next: answer.next,
    data: merge(around, answer.data),
    text: join(
      [
        ...(answer.text === undefined ? [] : [answer.text]),
        ...reducedNote(call),
        ...approvedBy(gate, ended),
        approval === undefined
          ? say`Audit ${ident(call.id)}.`
          : say`Audit ${ident(call.id)}, ${call.auditIds.count} requests to the API server.`,
      ],
      say`\n`,
    ),
  };
}

/** How an approval ends by what its run ended as. */
const endOf = { Executed: 'executed', Failed: 'failed', Unknown: 'unknown' } as const;

/** Of a break-glass it says so. `Approval cs-7f3k2m executed, 1 of 1: approved by ana@example.com 09:14:02Z, "ok, canary looked fine". Plan sha256:….` */
function approvedBy(gate: Gate, approval: Approval | undefined): readonly Masked<string>[] {
  if (approval === undefined) return [];
  const votes = approval.votes.filter(({ decision }) => decision === 'approve');
  const said = votes.map(({ person, time, comment, breakGlass }) => {
    const words = comment === undefined ? say`` : say`, ${gate.masker.echo(JSON.stringify(comment))}`;
    const how = breakGlass === true ? ident('BREAK-GLASS, approved alone by') : ident('approved by');
    return say`${how} ${ident(person)} ${ident(iso(time).slice(11, 19))}Z${words}`;
  });
  return [
    say`Approval ${ident(approval.id)} ${ident(approval.state)}, ${needsOf(approval)}: ${join(said, say`; `)}. Plan ${ident(approval.planDigest)}.`,
  ];
}

const eventOf = (status: Status): 'Executed' | 'Failed' | 'Unknown' =>
  status === 'unknown' ? 'Unknown' : status === 'ok' || status === 'executed' ? 'Executed' : 'Failed';

/** The outcome is a fact, also when its line cannot be written now: then it is written when the log can be written again. */
async function recordOutcome(
  gate: Gate,
  call: Call,
  prepared: Prepared,
  status: Status,
  code: string | undefined,
): Promise<void> {
  const fields = {
    ...(code === undefined ? {} : { code: ident(code) }),
    auditIds: call.auditIds.count,
    status: ident(status),
    ...(call.hits === 0 ? {} : { maskHits: call.hits }),
  };
  if (call.hits > 0) gate.hits.add(call.invocation.principal, call.hits);
  const type = eventOf(status);
  if (!prepared.tool.access.mutates) return call.note(type, fields);
  try {
    await call.record(type, fields);
  } catch (thrown) {
    call.note(type, fields);
    gate.log.error('the outcome of a call could not be recorded yet', {
      invocation: call.id,
      status,
      cause: toCountersignError(thrown).message,
    });
  }
}

async function settle(gate: Gate, call: Call, approval: Approval, outcome: Outcome): Promise<void> {
  const command = { Executed: 'succeed', Failed: 'fail', Unknown: 'lose' } as const;
  try {
    await gate.approvals.settle(approval.id, command[eventOf(outcome.status)], keepable(outcome));
    // Who still listens has the answer with this very response; only a waiter that went away gets it later.
    if (!call.invocation.signal.aborted) gate.answered.mark(approval.id);
  } catch (thrown) {
    gate.log.error('a result could not be kept', { approval: approval.id, cause: toCountersignError(thrown).message });
  }
}

/** A read that found nothing names what is near, if this caller may list it. */
async function explain(prepared: Prepared, error: CountersignError): Promise<CountersignError> {
  const [request] = prepared.plan.requests;
  if (error.code !== 'NotFound' || request?.action !== 'get') return error;
  return prepared.missing(request.object);
}
