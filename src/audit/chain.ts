import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { iso } from '../domain/environment.ts';
import { chainLine, genesis } from '../domain/hash-chain.ts';
import { BatchBytes } from './batch-bytes.ts';
import { chainName, type Head } from './chain-files.ts';
import type { FileOperations } from './file-operations.ts';

/** An event that has no place in a chain yet. */
export interface Entry {
  readonly time: number;
  readonly type: string;
  /** JSON members, as `encodeEvent` makes them. */
  readonly members: string;
}

/** Milliseconds. For longer nobody is kept waiting who needs no line: a ping, a new connection. */
const longest = 2;
/** How far one sync moves the pace. */
const step = 1.25;
const stepBack = 0.98;

/** One file and its one writer, which is this process. After any error it is retired: nothing is written to it again. */
export interface Chain {
  readonly file: string;
  /** Writes a batch in one go. @throws what node:fs throws; the batch is then taken out of the file again, if that can be done */
  write(entries: readonly Entry[]): void;
  /** Makes what was written durable, in this tick. */
  sync(): void;
  /** The same, beside other work. */
  syncLater(): Promise<void>;
  /** The last line that is known to be on disk. */
  readonly head: Head;
  /** Whether a sync in this tick holds nobody up for long, as the last ones say. */
  readonly isQuick: boolean;
  close(): void;
}

/** Begins a chain with its first line, durable when this returns. @throws what node:fs throws; no file is left then */
export function beginChain(files: FileOperations, folder: string, id: string, first: Entry): Chain {
  const file = chainName(iso(first.time), id);
  const path = join(folder, file);
  const handle = files.create(path);
  try {
    const chain = chainOn(files, handle, file);
    chain.write([first]);
    chain.sync();
    files.syncFolder(folder);
    return chain;
  } catch (thrown) {
    attempt(() => files.close(handle));
    attempt(() => files.remove(path));
    throw thrown;
  }
}

function chainOn(files: FileOperations, handle: number, file: string): Chain {
  const batch = new BatchBytes();
  let seq = 0;
  let prev = genesis;
  let lastTime = 0;
  /** Bytes that are durable, and bytes that are written. */
  let good = 0;
  let written = 0;
  /** Of a sync in place, in milliseconds: about the median. */
  let pace = 0.25;
  let head: Head = { file, seq, end: good, digest: prev };
  const isDurable = (): void => {
    good = written;
    head = { file, seq, end: good, digest: prev };
  };
  const takeBack = (): void => attempt(() => files.truncate(handle, good));
  return {
    file,
    get head() {
      return head;
    },
    get isQuick() {
      return pace <= longest;
    },
    write: (entries) => {
      batch.begin();
      for (const { time, type, members } of entries) {
        seq += 1;
        if (time > lastTime) lastTime = time;
        prev = batch.add(chainLine({ seq, time: lastTime, type }, members, prev));
      }
      const { bytes } = batch;
      try {
        writeWhole(files, handle, bytes);
      } catch (thrown) {
        takeBack();
        throw thrown;
      }
      written += bytes.length;
    },
    sync: () => {
      const began = performance.now();
      try {
        files.sync(handle);
      } catch (thrown) {
        takeBack();
        throw thrown;
      }
      isDurable();
      // Towards the median: a few that are very slow say nothing about the disk.
      pace *= performance.now() - began > pace ? step : 1 / step;
    },
    syncLater: async () => {
      const began = performance.now();
      try {
        await files.syncLater(handle);
      } catch (thrown) {
        takeBack();
        throw thrown;
      }
      isDurable();
      // With the way to another thread and back it takes longer: where it is quick even so, it is soon tried in place again.
      if (performance.now() - began < longest) pace *= stepBack;
    },
    close: () => attempt(() => files.close(handle)),
  };
}

function writeWhole(files: FileOperations, handle: number, bytes: Buffer): void {
  for (let offset = 0; offset < bytes.length; ) {
    const count = files.write(handle, bytes, offset);
    if (count === 0) throw new Error('nothing could be written');
    offset += count;
  }
}

/** The disk is broken already: what cannot be tidied stays, and the next chain names it. */
function attempt(tidy: () => void): void {
  try {
    tidy();
  } catch {
    // Nothing else can be done about it here.
  }
}
