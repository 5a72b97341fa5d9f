import type { ExecEnd, ExecutionHandle } from '../domain/cluster.ts';
import { CountersignError, toCountersignError } from '../domain/errors.ts';
import { byteLength, compose, ident, join, type Masked, say } from '../domain/masked.ts';
import type { Masker, MaskScope } from '../domain/masker.ts';
import type { Recording } from '../domain/recording.ts';
import type { ExecRequest } from '../domain/request.ts';
import { objectId, objectLabel } from '../domain/resource.ts';
import type { ToolAnswer } from '../domain/tool.ts';
import { echoing } from './answer/echoing.ts';
import type { Call } from './call.ts';
import type { Gate, Prepared, Ready } from './gate.ts';
import { ProgramOutput } from './program-output.ts';
import { outputScope } from './reach.ts';

/**
 * exec. What the program writes is masked and recorded as it comes, and given in part. Cannot record or cannot know the values
 * in reach: cannot run.
 */
export async function runProgram(
  gate: Gate,
  call: Call,
  ready: Ready,
  handle: ExecutionHandle,
  request: ExecRequest,
): Promise<ToolAnswer> {
  const { prepared } = ready;
  const { plan } = prepared;
  const scope = await outputScope(gate, call, ready, request.object);
  const recording = await startRecording(gate, call, prepared, request, scope);
  const output = new ProgramOutput(gate.masker, scope, recording, gate.limits.recordedBytes);
  let end: ExecEnd;
  try {
    end = await handle.exec(request, (frame) => output.take(frame));
    await output.end(gate.clock.now());
  } catch (thrown) {
    await closeAfter(gate, call, recording, output, thrown);
    throw thrown;
  }
  try {
    await closeRecording(call, recording, end.exitCode, end.exitCode === undefined ? say`no exit code` : undefined);
  } catch (cause) {
    throw notSealed(end.exitCode, cause);
  }
  return answerOf(gate, call, plan.cluster.name, request, end, output, recording.id);
}

async function startRecording(
  gate: Gate,
  call: Call,
  prepared: Prepared,
  request: ExecRequest,
  scope: MaskScope,
): Promise<Recording> {
  const { plan } = prepared;
  const recording = await gate.recorder.start({
    invocation: call.id,
    planDigest: plan.planDigest,
    agent: plan.principal.agent,
    cluster: plan.cluster.name,
    object: objectId(request.object),
    container: request.container,
    command: request.command.map((word) => gate.masker.text(word, scope)),
  });
  await call.record('RecordingOpened', { recording: ident(recording.id) });
  if (request.stdin !== undefined)
    await recording.write('stdin', gate.masker.text(request.stdin, scope), gate.clock.now());
  return recording;
}

/** The program ran, or may have: what broke it off is what the caller is told, not that its record has no end. */
async function closeAfter(
  gate: Gate,
  call: Call,
  recording: Recording,
  output: ProgramOutput,
  thrown: unknown,
): Promise<void> {
  // What the mask kept back belongs to the record, if there is still room for it.
  await output.end(gate.clock.now()).catch(() => undefined);
  try {
    // Our own words: what a message of ours quotes is the caller's.
    await closeRecording(call, recording, undefined, gate.masker.echo(toCountersignError(thrown).message));
  } catch (cause) {
    gate.log.error('a recording could not be sealed', { recording: recording.id, cause: String(cause) });
  }
}

const notSealed = (exitCode: number | undefined, cause: unknown): CountersignError =>
  new CountersignError(
    'Unknown',
    `The program ended${exitCode === undefined ? '' : ` with exit code ${exitCode}`}, and its recording could not be sealed`,
    { hint: 'tell the operator to look at the disk of the recordings, and do not run it again without looking', cause },
  );

async function closeRecording(
  call: Call,
  recording: Recording,
  exitCode: number | undefined,
  reason: Masked<string> | undefined,
): Promise<void> {
  const { root } = await recording.end({ exitCode, reason });
  await call.record('RecordingClosed', { recording: ident(recording.id), root: ident(root) });
}

function answerOf(
  gate: Gate,
  call: Call,
  cluster: string,
  request: ExecRequest,
  end: ExecEnd,
  output: ProgramOutput,
  recording: string,
): ToolAnswer {
  const { dropped } = output;
  const [stdout, stderr] = [output.text('stdout'), output.text('stderr')];
  const label = objectLabel(request.object);
  const where = say`in ${label}, container ${ident(request.container)}, cluster ${ident(cluster)}`;
  const cut = dropped === 0 ? say`` : say` ${dropped} bytes of output were left out; the recording has them.`;
  return {
    status: end.exitCode === undefined ? 'unknown' : 'executed',
    message: say`${howItEnded(echoing(gate.masker, call), end)} ${where}.${cut}`,
    ...(end.exitCode === undefined
      ? {
          next: say`The program may still be running: closing the session does not kill it. Look before you run it again.`,
        }
      : {}),
    data: compose({
      object: objectId(request.object),
      container: ident(request.container),
      exitCode: end.exitCode,
      timedOut: end.timedOut ? true : undefined,
      stdout,
      stderr,
      droppedBytes: dropped === 0 ? undefined : dropped,
      recording: ident(recording),
      auditIds: call.auditIds.count,
    }),
    // First: the end of what is long is cut, and the recording has it.
    text: join([say`Recording ${ident(recording)}.`, stdout, ...stderrText(stderr)], say`\n`),
  };
}

const stderrText = (stderr: Masked<string>): readonly Masked<string>[] =>
  byteLength(stderr) === 0 ? [] : [say`--- stderr ---`, stderr];

function howItEnded(masker: Masker, end: ExecEnd): Masked<string> {
  if (end.exitCode !== undefined) return say`Ran, exit code ${end.exitCode},`;
  if (end.timedOut) return say`Not finished in time, outcome unknown,`;
  const reason = end.reason === undefined ? say`` : say` (${masker.text(end.reason)})`;
  return say`The session ended without an exit code${reason}, outcome unknown,`;
}
