import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { longestLine } from './chain-files.ts';

const chunk = 1024 * 1024;
/** Bytes that are read in place: what was written a moment ago costs less than five trips to another thread. */
const few = 64 * 1024;

/** Bytes that are valid during the call only, without the newline, and where the line ends in the file, with it. */
export type OnLine = (line: Buffer, end: number) => void;

/**
 * Hands out the whole lines from `from` on, and returns the end of the last one and the bytes after it. A line that is longer
 * than any of ours counts as unfinished: the scan stops before it.
 */
export async function scanLines(path: string, from: number, onLine: OnLine): Promise<Scanned> {
  return scanFew(path, from, onLine) ?? (await scanMany(path, from, onLine));
}

interface Scanned {
  readonly end: number;
  readonly rest: Buffer;
}

/** Undefined: there is more. */
function scanFew(path: string, from: number, onLine: OnLine): Scanned | undefined {
  const file = openSync(path, 'r');
  try {
    const length = Math.max(0, fstatSync(file).size - from);
    if (length > few) return undefined;
    const buffer = Buffer.alloc(length);
    const filled = buffer.subarray(0, readSync(file, buffer, 0, length, from));
    const used = handOut(filled, from, onLine);
    return { end: from + used, rest: filled.subarray(used) };
  } finally {
    closeSync(file);
  }
}

async function scanMany(path: string, from: number, onLine: OnLine): Promise<Scanned> {
  const file = await open(path, 'r');
  try {
    let buffer = Buffer.allocUnsafe(chunk);
    let position = from;
    let kept = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, kept, buffer.length - kept, position + kept);
      const filled = buffer.subarray(0, kept + bytesRead);
      const used = handOut(filled, position, onLine);
      position += used;
      kept = filled.length - used;
      if (bytesRead === 0 || kept >= longestLine) return { end: position, rest: Buffer.from(filled.subarray(used)) };
      if (kept === buffer.length) buffer = Buffer.concat([filled], buffer.length * 4);
      else buffer.copyWithin(0, used, filled.length);
    }
  } finally {
    await file.close();
  }
}

function handOut(bytes: Buffer, position: number, onLine: OnLine): number {
  let start = 0;
  for (let newline = bytes.indexOf(10); newline !== -1; newline = bytes.indexOf(10, start)) {
    onLine(bytes.subarray(start, newline), position + newline + 1);
    start = newline + 1;
  }
  return start;
}
