import type { ExecutionHandle } from '../domain/cluster.ts';
import { jsonBytes } from '../domain/masked.ts';
import type { LogLine, MaskScope } from '../domain/masker.ts';
import type { LogsRequest } from '../domain/request.ts';
import type { KeptLines, LogTail } from '../domain/tool.ts';
import type { Gate } from './gate.ts';

/** What a line costs besides its text: a time, the name of its pod, its end. */
const besides = 100;

/** Reads a log through the mask and keeps the newest lines that are wanted and fit: memory does not grow with the log. */
export async function readLogs(
  gate: Gate,
  handle: ExecutionHandle,
  request: LogsRequest,
  scope: MaskScope,
  { wanted, bytes }: KeptLines,
): Promise<LogTail> {
  const kept: { readonly line: LogLine; readonly size: number }[] = [];
  let [size, read, leftLines, leftBytes] = [0, 0, 0, 0];
  const mask = gate.masker.log(scope, (line) => {
    read++;
    if (!wanted(line)) return;
    const own = jsonBytes(line.text) + besides;
    kept.push({ line, size: own });
    size += own;
    for (let first = kept[0]; first !== undefined && size > bytes; first = kept[0]) {
      kept.shift();
      size -= first.size;
      leftLines++;
      leftBytes += first.size - besides;
    }
  });
  const { cut } = await handle.logs(request, (chunk) => mask.push(chunk));
  mask.end();
  return { lines: kept.map(({ line }) => line), leftLines, leftBytes, read, cut };
}
