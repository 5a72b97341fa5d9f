import type { Writable } from 'node:stream';
import type { Logger } from 'pino';
import type { Log, LogFields } from '../domain/environment.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

/**
 * The operational log: one JSON object a line, on stderr, which clients keep (stdout is the wire). `level` is the value of
 * COUNTERSIGN_LOG; default info. pino is loaded with the first line, which most starts never write.
 */
export function createLog(stream: Writable, level: string | undefined): Log {
  const wanted = (levels as readonly (string | undefined)[]).indexOf(level);
  const least = wanted === -1 ? levels.indexOf('info') : wanted;
  let logger: Promise<Logger> | undefined;
  const write = (at: Level, message: string, fields: LogFields = {}): void => {
    if (levels.indexOf(at) < least) return;
    const time = new Date().toISOString();
    logger ??= open(stream);
    void logger.then((log) => log[at]({ time, ...fields }, message));
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}

/** The time is that of the event and not of the writing, so it is ours. */
async function open(stream: Writable): Promise<Logger> {
  // The default alone: in the bundle a CommonJS library that is loaded late has no names.
  const { default: pino } = await import('pino');
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level: 'debug', base: null, timestamp: false, messageKey: 'message', formatters }, stream);
}
