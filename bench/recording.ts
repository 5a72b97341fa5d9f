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
import type { Frame, Recorder, Recording } from '../src/domain/recording.ts';
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

const none: Cost = { ms: 0, busy: 0 };

/** NaN where the system does not tell it. https://docs.kernel.org/scheduler/sched-stats.html */
function ownThreadMs(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}

const now = (): Cost => ({ ms: performance.now(), busy: ownThreadMs() });
const sum = (a: Cost, b: Cost): Cost => ({ ms: a.ms + b.ms, busy: a.busy + b.busy });
const since = (then: Cost): Cost => sum(now(), { ms: -then.ms, busy: -then.busy });

interface Session {
  readonly mb: number;
  readonly socket: WebSocket;
  readonly recording: Recording;
  readonly output: ProgramOutput;
  /** What it cost to begin it. */
  readonly begin: Cost;
}

/** What each costs, while they run in turns of 5 MB, so that both have the machine as it is in these tenths of a second. */
async function inTurns(sessions: readonly [Session, Session]): Promise<readonly [Cost, Cost]> {
  const turns = new Turns();
  const run = async ({ mb, socket, recording, output, begin }: Session, who: Who): Promise<Cost> => {
    const take = async (frame: Frame): Promise<void> => {
      await turns.mine(who);
      await output.take(frame);
      turns.took(who, frame.bytes.length);
    };
    const { exitCode } = await runStream(socket, { timeoutSeconds: 3_600 }, clock, take, new Hangup());
    turns.leave(who);
    await turns.over;
    const ending = now();
    await output.end(clock.now());
    await recording.end({ exitCode, reason: undefined });
    const end = since(ending);
    if (exitCode !== 0 || output.dropped < (mb - 2) * 1_000_000) throw new Error('not all of the output came');
    return sum(turns.costs[who], sum(begin, end));
  };
  return Promise.all([run(sessions[0], 0), run(sessions[1], 1)]);
}

type Who = 0 | 1;
const bytesInTurn = 5_000_000;

class Turns {
  readonly costs: [Cost, Cost] = [none, none];
  readonly over: Promise<void>;
  #end = (): void => undefined;
  #whose: Who = 0;
  #left = bytesInTurn;
  #begun = now();
  #gone = 0;
  #wake = (): void => undefined;

  constructor() {
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async mine(who: Who): Promise<void> {
    while (this.#whose !== who)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  took(who: Who, bytes: number): void {
    this.#left -= bytes;
    if (this.#left <= 0 && this.#gone === 0) this.#pass(who);
  }

  leave(who: Who): void {
    this.#gone += 1;
    if (this.#whose === who) this.#pass(who);
    if (this.#gone === 2) this.#end();
  }

  #pass(from: Who): void {
    this.costs[from] = sum(this.costs[from], since(this.#begun));
    this.#begun = now();
    this.#left = bytesInTurn;
    this.#whose = from === 0 ? 1 : 0;
    this.#wake();
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
    const session = async (by: Recorder, mb: number): Promise<Session> => {
      const socket = new WebSocket(`${url}?mb=${mb}`, { perMessageDeflate: false });
      await once(socket, 'open');
      socket.pause();
      const begun = now();
      const recording = await by.start(header);
      const output = new ProgramOutput(masker, { values }, recording, Number.MAX_SAFE_INTEGER);
      return { mb, socket, recording, output, begin: since(begun) };
    };
    const both = async (mb: number): Promise<Cost> => {
      const [recorded, bare] = await inTurns([await session(recorder, mb), await session(nothing, mb)]);
      return { ms: recorded.ms / bare.ms, busy: recorded.busy / bare.busy };
    };
    await both(Math.ceil(megabytes / 10));
    const ratios: Cost[] = [];
    for (let n = 0; n < rounds; n++) ratios.push(await both(megabytes));
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
