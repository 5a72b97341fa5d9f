import { CountersignError, type ErrorCode } from '../../domain/errors.ts';
import { stringAt } from '../../domain/json.ts';
import { asObject, compose, ident, join, type Masked, merge, say } from '../../domain/masked.ts';
import type { Masker } from '../../domain/masker.ts';
import { type Outcome, statusOf } from '../../domain/outcome.ts';
import type { Call } from '../call.ts';
import type { Gate } from '../gate.ts';
import type { GatePorts } from '../ports.ts';
import { echoing } from './echoing.ts';

/** The refusal as an answer: what happened, in which cluster, and what to do next. Upstream text passes the mask here. */
export function refuse(ports: Pick<GatePorts, 'masker'>, call: Call, error: CountersignError): Outcome {
  const cluster = call.story.cluster;
  const where = typeof cluster === 'string' ? cluster : undefined;
  const said = ports.masker.object(error.data).value;
  const digest = stringAt(error.data, 'approval', 'digest');
  return {
    status: statusOf[error.code],
    message: messageOf(echoing(ports.masker, call), error, where),
    next: ports.masker.echo(sentence(error.hint ?? nextByDefault[error.code])),
    data: merge(
      compose({
        cluster: where === undefined ? undefined : ident(where),
        code: ident(error.code),
        audit: ident(call.id),
      }),
      asObject(said),
    ),
    text: digest === undefined ? say`Audit ${ident(call.id)}.` : say`Plan ${ident(digest)}. Audit ${ident(call.id)}.`,
  };
}

/** Nobody is left without a next step, also where whoever threw it knew none. */
const nextByDefault: Readonly<Record<ErrorCode, string>> = {
  Unauthorized: 'tell the user that the credentials of this agent are not accepted',
  RateLimited: 'wait a second, and send fewer calls at once',
  AuditUnavailable: 'tell the operator to run countersign doctor',
  Invalid: 'correct what it names and send the call again',
  Denied: 'tell the user what is denied; do not try another tool or a shell',
  NotFound: 'look with get what is there',
  Conflict: 'look at the object with get, and send the call again if it should still be changed',
  ApprovalDenied: 'tell the user that it was denied',
  ApprovalExpired: 'tell the user that nobody decided',
  ApprovalWithdrawn: 'send the call again if it is wanted after all',
  PlanDrifted: 'check with dryRun and send the call again',
  Forbidden: 'tell the operator which right is missing; do not try another tool or a shell',
  MaskingUnavailable: 'tell the operator to run countersign doctor',
  Unavailable: 'nothing was changed; try again later',
  Failed: 'look at the object with get before you try again',
  Unknown: 'look at the object with get before anything else; do not send the same change again',
  Internal: 'tell the operator; the operational log has the cause',
};

function messageOf(masker: Masker, error: CountersignError, cluster: string | undefined): Masked<string> {
  const first = sentence(`${error.conflict === 'ownership' ? 'Conflict, nobody was asked: ' : ''}${error.message}`);
  // Not just anywhere: a namespace may be called as the cluster is.
  const named = cluster === undefined || first.includes(`(${cluster})`) || first.includes(`cluster ${cluster}`);
  const placed = named ? first : `${first.replace(/[.]$/, '')} (${cluster}).`;
  const lines = [
    masker.echo(placed),
    ...error.lines.map((line) => say`  ${masker.echo(line)}`),
    ...(error.upstream === undefined ? [] : [say`  The API server says: ${masker.text(error.upstream)}`]),
  ];
  return join(lines, say`\n`);
}

export const sentence = (text: string): string => {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
};

/** The refusal, and its line in the log. A log that cannot be written is told and does not hide the refusal. */
export async function refuseAndRecord(gate: Gate, call: Call, error: CountersignError): Promise<Outcome> {
  if (error.code === 'Internal')
    gate.log.error('a call failed inside Countersign', { invocation: call.id, cause: causeOf(error) });
  if (error.code !== 'AuditUnavailable') {
    try {
      await call.record('Refused', {
        code: ident(error.code),
        message: gate.masker.echo(error.message.slice(0, 2_000)),
        auditIds: call.auditIds.count,
      });
    } catch {
      return refuse(gate, call, auditDown());
    }
  }
  return refuse(gate, call, error);
}

const auditDown = (): CountersignError =>
  new CountersignError('AuditUnavailable', 'The audit log cannot be written, so nothing runs', {
    hint: 'tell the operator to look at the disk of the state directory; countersign doctor says more',
  });

/** The stack, for the operational log: it has places in our code, and a message that is ours or a library's. */
function causeOf(error: CountersignError): string {
  const cause = error.cause;
  return cause instanceof Error ? (cause.stack ?? cause.message) : error.message;
}

export const isCode = (thrown: unknown, ...codes: readonly ErrorCode[]): thrown is CountersignError =>
  thrown instanceof CountersignError && codes.includes(thrown.code);
