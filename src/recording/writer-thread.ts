import { writeSync } from 'node:fs';
import { isMainThread, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
import type { Frame } from '../domain/recording.ts';
import { type Line, type Place, sizeOf } from './chain-lines.ts';
import { LineBytes, type PackedLine, pack, roomFor } from './packed-lines.ts';
import type { WriterThread } from './writer.ts';

/** What tells a thread that runs this file that it is one of ours. */
const role = 'countersign: writes recordings';
/** MiB of its heap: what waits for it is bounded, so more is a fault, which then ends the thread and not the server. */
const mostHeap = 128;
/** MiB for what is new: a batch is encoded and forgotten, so more is only memory. */
const youngHeap = 8;

/** Characters that the memory has room for in which texts go over; of it only what is used is there. */
const usual = 1024 * 1024;

interface Writing {
  readonly file: number;
  readonly place: Place;
  readonly lines: readonly PackedLine[];
  /** Their long texts. It comes back with the answer, to be used again. */
  readonly memory: ArrayBuffer;
}
interface Sealing {
  readonly recipients: readonly string[];
  readonly frames: readonly Frame[];
}
type Work = Writing | Sealing;

interface Written {
  readonly place: Place;
  readonly memory: ArrayBuffer;
}
interface Failed {
  readonly failed: string;
  readonly code: string | undefined;
}
type Outcome = Written | { readonly sealed: string };
type Report = 'ready' | { readonly call: number; readonly outcome: Outcome | Failed };

/** This file is also the thread's own: a program whose package is updated under it starts no thread of another build. */
if (!isMainThread && workerData === role && parentPort !== null) serve(parentPort);

function serve(port: MessagePort): void {
  const encoder = new LineBytes();
  const write = ({ file, place: from, lines, memory }: Writing): Written => {
    const { bytes, place } = encoder.chained(lines, memory, from);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    return { place, memory };
  };
  const report = (each: Report): void =>
    port.postMessage(each, each !== 'ready' && 'memory' in each.outcome ? [each.outcome.memory] : []);
  port.on('message', ({ call, work }: { readonly call: number; readonly work: Work }) => {
    const failed = (thrown: unknown): void => report({ call, outcome: failure(thrown) });
    if ('frames' in work) seal(work).then((sealed) => report({ call, outcome: { sealed } }), failed);
    else
      try {
        report({ call, outcome: write(work) });
      } catch (thrown) {
        failed(thrown);
      }
  });
  report('ready');
}

/** Few have raw frames, and only then is encryption loaded. */
async function seal({ recipients, frames }: Sealing): Promise<string> {
  const { encrypterTo, sealFrames } = await import('./sealing.ts');
  return sealFrames(encrypterTo(recipients), frames);
}

const failure = (thrown: unknown): Failed => ({
  failed: String(thrown),
  code: thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined,
});

/** @throws what kept it from starting */
export function startWriterThread(): Promise<WriterThread> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: role,
      // It needs nothing of what the server was started with.
      ...{ env: {}, argv: [], execArgv: [] },
      // stdout is the MCP wire.
      stdout: true,
      resourceLimits: { maxOldGenerationSizeMb: mostHeap, maxYoungGenerationSizeMb: youngHeap },
    });
    const thread = new Thread(worker, () => resolve(thread));
    thread.ended.then(() => reject(thread.cause));
  });
}

const threadEnded = (): Error =>
  Object.assign(new Error('the thread that writes recordings ended'), { code: 'thread ended' });

interface Waiting {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (cause: unknown) => void;
}

/** The side of whoever gives it work. It keeps the process from ending only while something is being written. */
class Thread implements WriterThread {
  readonly ended: Promise<void>;
  /** Why it writes no more. */
  cause: unknown;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #free: ArrayBuffer[] = [];
  #calls = 0;
  #isOver = false;

  constructor(worker: Worker, ready: () => void) {
    this.#worker = worker;
    worker.unref();
    worker.on('message', (report: Report) => (report === 'ready' ? ready() : this.#take(report)));
    this.ended = new Promise((resolve) => {
      worker.on('error', (cause) => this.#end(cause, resolve));
      worker.on('exit', () => this.#end(threadEnded(), resolve));
    });
  }

  async write(file: number, place: Place, lines: readonly Line[]): Promise<Place> {
    const memory = this.#memoryFor(lines);
    const work: Writing = { file, place, lines: pack(lines, Buffer.from(memory)), memory };
    const outcome = await this.#ask(work, [memory]);
    if (!('place' in outcome)) throw new Error('the thread answered something else');
    this.#free.push(outcome.memory);
    return outcome.place;
  }

  async seal(recipients: readonly string[], frames: readonly Frame[]): Promise<string> {
    const outcome = await this.#ask({ recipients, frames }, []);
    if (!('sealed' in outcome)) throw new Error('the thread answered something else');
    return outcome.sealed;
  }

  #ask(work: Work, memory: readonly ArrayBuffer[]): Promise<Outcome> {
    if (this.#isOver) return Promise.reject(this.cause);
    this.#calls += 1;
    const call = this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ call, work }, memory);
    });
  }

  #memoryFor(lines: readonly Line[]): ArrayBuffer {
    const size = roomFor(sizeOf(lines));
    const found = this.#free.pop();
    return found !== undefined && found.byteLength >= size ? found : new ArrayBuffer(Math.max(size, roomFor(usual)));
  }

  stop(): void {
    void this.#worker.terminate();
  }

  #take({ call, outcome }: Exclude<Report, 'ready'>): void {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('failed' in outcome) {
      const { failed, code } = outcome;
      waiting?.reject(Object.assign(new Error(failed), code === undefined ? {} : { code }));
    } else waiting?.resolve(outcome);
  }

  #end(cause: unknown, ended: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.cause = cause;
    for (const { reject } of this.#waiting.values()) reject(cause);
    this.#waiting.clear();
    ended();
  }
}
