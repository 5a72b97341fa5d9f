import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import WebSocket from 'ws';
import { runStream } from '../src/cluster/exec-stream.ts';
import { Hangup } from '../src/domain/hangup.ts';
import { ident } from '../src/domain/masked.ts';
import type { Recorder } from '../src/domain/recording.ts';
import { ProgramOutput } from '../src/gate/program-output.ts';
import { createMasker } from '../src/masking/masker.ts';
import { createRecorder } from '../src/recording/recorder.ts';
import { type Figure, median } from './figures.ts';
import { logOf, randomFrom, secretsOf } from './masking-texts.ts';

/** Of output; COUNTERSIGN_BENCH_OUTPUT_MB for another number. */
const megabytes = Number(process.env.COUNTERSIGN_BENCH_OUTPUT_MB ?? 100);
const rounds = 3;
const clock = { now: () => Date.now() };
const header = {
  ...{ invocation: '01JD', planDigest: 'sha256:p', agent: 'bench', cluster: 'bench', container: 'web', command: [] },
  object: ident('Pod/shop/web'),
};
/** Masks all the same, and keeps nothing. */
const nothing: Recorder = {
  start: async () => ({ id: 'none', write: async () => undefined, end: async () => ({ root: '' }) }),
};

interface Cost {
  readonly ms: number;
  /** Milliseconds of processor time of the thread that serves everybody; what other threads do is not in it. */
  readonly busy: number;
}

/** NaN where the system does not tell it. https://docs.kernel.org/scheduler/sched-stats.html */
function ownThreadMs(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** A program's output over a WebSocket, masked and recorded, in turns with the same masked and not recorded. */
export async function benchRecording(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-recording-'));
  const values = secretsOf(50, randomFrom(7));
  const text = join(folder, 'text');
  writeFileSync(text, logOf(1_000_000, values, randomFrom(8)));
  const writer = spawn(process.execPath, [join(import.meta.dirname, '../bench/peers/exec-writer.cjs'), text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port] = await once(writer.stdout, 'data');
    const url = `ws://127.0.0.1:${String(port).trim()}/`;
    const masker = createMasker({ log: { debug() {}, info() {}, warn() {}, error() {} } });
    const random = { bytes: (length: number) => randomBytes(length) };
    const recorder = createRecorder({ folder: join(folder, 'recordings'), clock, random });
    const session = async (by: Recorder, mb: number): Promise<Cost> => {
      const socket = new WebSocket(`${url}?mb=${mb}`, { perMessageDeflate: false });
      await once(socket, 'open');
      socket.pause();
      const begun = performance.now();
      const busy = ownThreadMs();
      const recording = await by.start(header);
      const output = new ProgramOutput(masker, { values }, recording, Number.MAX_SAFE_INTEGER);
      const end = await runStream(
        socket,
        { timeoutSeconds: 3_600 },
        clock,
        (frame) => output.take(frame),
        new Hangup(),
      );
      await output.end(clock.now());
      await recording.end({ exitCode: end.exitCode, reason: undefined });
      if (end.exitCode !== 0 || output.dropped < (mb - 2) * 1_000_000) throw new Error('not all of the output came');
      return { ms: performance.now() - begun, busy: ownThreadMs() - busy };
    };
    for (const each of [recorder, nothing]) await session(each, Math.ceil(megabytes / 10));
    const ratios: Cost[] = [];
    for (let n = 0; n < rounds; n++) {
      const [recorded, bare] = [await session(recorder, megabytes), await session(nothing, megabytes)];
      ratios.push({ ms: recorded.ms / bare.ms, busy: recorded.busy / bare.busy });
    }
    return [
      {
        name: 'recording_overhead',
        value: median(ratios.map(({ ms }) => ms)) - 1,
        target: '<= 0.1',
        says: `of the time of an exec with ${megabytes} MB of output, masked and not recorded; needs a processor that is free`,
      },
      {
        name: 'recording_overhead_own_thread',
        value: median(ratios.map(({ busy }) => busy)) - 1,
        says: 'the same, of the processor time of the thread that serves everybody (Linux)',
      },
    ];
  } finally {
    writer.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
