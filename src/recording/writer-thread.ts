import { writeSync } from 'node:fs';
import { isMainThread, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
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

interface Work {
  readonly call: number;
  readonly file: number;
  readonly place: Place;
  readonly lines: readonly PackedLine[];
  /** Their long texts. It comes back with the answer, to be used again. */
  readonly memory: ArrayBuffer;
}

type Report =
  | 'ready'
  | { readonly call: number; readonly place: Place; readonly memory: ArrayBuffer }
  | { readonly call: number; readonly failed: string; readonly code: string | undefined };

/** This file is also the thread's own: a program whose package is updated under it starts no thread of another build. */
if (!isMainThread && workerData === role && parentPort !== null) serve(parentPort);

function serve(port: MessagePort): void {
  const report = (each: Report, memory: readonly ArrayBuffer[] = []): void => port.postMessage(each, memory);
  const encoder = new LineBytes();
  port.on('message', ({ call, file, place, lines, memory }: Work) => {
    try {
      const { bytes, place: after } = encoder.chained(lines, memory, place);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      report({ call, place: after, memory }, [memory]);
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
      report({ call, failed: String(thrown), code });
    }
  });
  report('ready');
}

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
  readonly resolve: (place: Place) => void;
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

  write(file: number, place: Place, lines: readonly Line[]): Promise<Place> {
    if (this.#isOver) return Promise.reject(this.cause);
    this.#calls += 1;
    const memory = this.#memoryFor(lines);
    const work: Work = { call: this.#calls, file, place, lines: pack(lines, Buffer.from(memory)), memory };
    return new Promise((resolve, reject) => {
      this.#waiting.set(work.call, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(work, [memory]);
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

  #take(report: Exclude<Report, 'ready'>): void {
    const waiting = this.#waiting.get(report.call);
    this.#waiting.delete(report.call);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('place' in report) {
      this.#free.push(report.memory);
      waiting?.resolve(report.place);
    } else
      waiting?.reject(Object.assign(new Error(report.failed), report.code === undefined ? {} : { code: report.code }));
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
