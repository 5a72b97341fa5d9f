import type { ExecEnd, ExecutionHandle } from '../domain/cluster.ts';
import { toCountersignError } from '../domain/errors.ts';
import { byteLength, compose, ident, join, type Masked, say } from '../domain/masked.ts';
import type { MaskScope } from '../domain/masker.ts';
import type { Frame, Recording } from '../domain/recording.ts';
import type { ExecRequest } from '../domain/request.ts';
import { objectId, objectLabel } from '../domain/resource.ts';
import type { ToolAnswer } from '../domain/tool.ts';
import type { Call } from './call.ts';
import type { Gate, Prepared, Ready } from './gate.ts';
import { outputScope } from './reach.ts';

const mostBytes = 1_000_000;

/**
 * exec. The output is held whole, up to a bound, and masked whole: a value that is cut over two frames is masked all the same.
 * Cannot record or cannot know the values in reach: cannot run.
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
  const output = new Output();
  let end: ExecEnd;
  try {
    end = await handle.exec(request, async (frame) => output.take(frame));
  } catch (thrown) {
    await closeRecording(gate, call, recording, output, scope, {
      exitCode: undefined,
      reason: toCountersignError(thrown).message,
    });
    throw thrown;
  }
  const written = await closeRecording(gate, call, recording, output, scope, end);
  return answerOf(gate, call, plan.cluster.name, request, end, written, output.dropped, recording.id);
}

/** What the program wrote, a channel each, up to a bound; the rest is counted. */
class Output {
  dropped = 0;
  firstAt = 0;
  #size = 0;
  readonly #chunks: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };

  take(frame: Frame): void {
    if (frame.channel !== 'stdout' && frame.channel !== 'stderr') return;
    if (this.firstAt === 0) this.firstAt = frame.time;
    const kept = frame.bytes.subarray(0, Math.max(0, mostBytes - this.#size));
    this.dropped += frame.bytes.length - kept.length;
    this.#size += kept.length;
    if (kept.length > 0) this.#chunks[frame.channel].push(kept);
  }

  text(channel: 'stdout' | 'stderr'): string {
    return Buffer.concat(this.#chunks[channel]).toString('utf8');
  }
}

interface Written {
  readonly stdout: Masked<string>;
  readonly stderr: Masked<string>;
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

async function closeRecording(
  gate: Gate,
  call: Call,
  recording: Recording,
  output: Output,
  scope: MaskScope,
  end: { readonly exitCode: number | undefined; readonly reason: string | undefined },
): Promise<Written> {
  const stdout = gate.masker.text(output.text('stdout'), scope);
  const stderr = gate.masker.text(output.text('stderr'), scope);
  const time = output.firstAt === 0 ? gate.clock.now() : output.firstAt;
  await recording.write('stdout', stdout, time);
  await recording.write('stderr', stderr, time);
  const { root } = await recording.end({
    exitCode: end.exitCode,
    reason: end.exitCode === undefined ? 'no exit code' : undefined,
  });
  await call.record('RecordingClosed', { recording: ident(recording.id), root: ident(root) });
  return { stdout, stderr };
}

function answerOf(
  gate: Gate,
  call: Call,
  cluster: string,
  request: ExecRequest,
  end: ExecEnd,
  written: Written,
  dropped: number,
  recording: string,
): ToolAnswer {
  const label = objectLabel(request.object);
  const where = say`in ${label}, container ${ident(request.container)}, cluster ${ident(cluster)}`;
  const cut = dropped === 0 ? say`` : say` ${dropped} bytes of output were left out.`;
  return {
    status: end.exitCode === undefined ? 'unknown' : 'executed',
    message: say`${howItEnded(gate, end)} ${where}.${cut}`,
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
      stdout: written.stdout,
      stderr: written.stderr,
      droppedBytes: dropped === 0 ? undefined : dropped,
      recording: ident(recording),
      auditIds: call.auditIds.count,
    }),
    text: join([written.stdout, ...stderrText(written.stderr), say`Recording ${ident(recording)}.`], say`\n`),
  };
}

const stderrText = (stderr: Masked<string>): readonly Masked<string>[] =>
  byteLength(stderr) === 0 ? [] : [say`--- stderr ---`, stderr];

function howItEnded(gate: Gate, end: ExecEnd): Masked<string> {
  if (end.exitCode !== undefined) return say`Ran, exit code ${end.exitCode},`;
  if (end.timedOut) return say`Not finished in time, outcome unknown,`;
  const reason = end.reason === undefined ? say`` : say` (${gate.masker.text(end.reason)})`;
  return say`The session ended without an exit code${reason}, outcome unknown,`;
}
