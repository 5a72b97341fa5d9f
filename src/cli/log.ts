import type { Writable } from 'node:stream';
import type { Log, LogFields } from '../domain/environment.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

/**
 * The operational log: one JSON object a line, on stderr, which clients keep (stdout is the wire). `level` is the value of
 * COUNTERSIGN_LOG; default info.
 */
export function createLog(stream: Writable, level: string | undefined): Log {
  const wanted = levels.findIndex((each) => each === level);
  const least = wanted === -1 ? levels.indexOf('info') : wanted;
  const write = (at: Level, message: string, fields: LogFields = {}): void => {
    if (levels.indexOf(at) < least) return;
    stream.write(`${JSON.stringify({ time: new Date().toISOString(), level: at, message, ...fields })}\n`);
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}
