import type { ExecutionHandle } from '../domain/cluster.ts';
import { jsonBytes } from '../domain/masked.ts';
import type { LogLine, MaskScope } from '../domain/masker.ts';
import type { LogsRequest } from '../domain/request.ts';
import type { KeptLines, LogTail } from '../domain/tool.ts';
import type { Gate } from './gate.ts';

/** What a line costs besides its text: a time, the name of its pod, its end. */
const besides = 100;

interface Kept {
  readonly index: number;
  readonly size: number;
  /** Undefined: there was no room for it. */
  line: LogLine | undefined;
}

/** Reads a log through the mask and keeps the newest lines that are wanted and fit: memory does not grow with the log. */
export async function readLogs(
  gate: Gate,
  handle: ExecutionHandle,
  request: LogsRequest,
  scope: MaskScope,
  { wanted, bytes }: KeptLines,
): Promise<LogTail> {
  const kept: Kept[] = [];
  let [size, first] = [0, 0];
  const mask = gate.masker.log(scope, (line, index) => {
    if (!wanted(line)) return;
    const own = jsonBytes(line.text) + besides;
    kept.push({ line, index, size: own });
    size += own;
    for (let oldest = kept[first]; oldest !== undefined && size > bytes; oldest = kept[first]) {
      oldest.line = undefined;
      size -= oldest.size;
      first++;
    }
  });
  const { cut } = await handle.logs(request, (chunk) => mask.push(chunk));
  mask.end();
  // More was read than was asked for, so that the mask sees what begins before it.
  const wantedLines = request.tailLines - (request.linesBefore ?? 0);
  const from = Math.max(0, mask.lines - wantedLines);
  const asked = kept.filter(({ index }) => index >= from);
  const left = asked.filter(({ line }) => line === undefined);
  return {
    lines: asked.flatMap(({ line }) => line ?? []),
    leftLines: left.length,
    leftBytes: left.reduce((total, each) => total + each.size - besides, 0),
    read: Math.min(mask.lines, wantedLines),
    cut,
  };
}
