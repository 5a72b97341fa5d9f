import { open } from 'node:fs/promises';
import { longestLine } from './chain-files.ts';

const chunk = 1024 * 1024;

/** Bytes that are valid during the call only, without the newline, and where the line ends in the file, with it. */
export type OnLine = (line: Buffer, end: number) => void;

/**
 * Hands out the whole lines from `from` on, and returns the end of the last one and the bytes after it. A line that is longer
 * than any of ours counts as unfinished: the scan stops before it.
 */
export async function scanLines(
  path: string,
  from: number,
  onLine: OnLine,
): Promise<{ readonly end: number; readonly rest: Buffer }> {
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
