import type { Writable } from 'node:stream';
import type { Logger } from 'pino';
import type { Log, LogFields } from '../domain/environment.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

/** A log whose lines pass the mask: what a library says of a failure may quote anything that was at hand. */
export interface OperatorLog extends Log {
  /** Looks for what is held of Secrets too, once a server knows it. Before that, secrets are found by their form alone. */
  maskWith(mask: (text: string) => string): void;
}

/**
 * The operational log: one JSON object a line, on stderr, which clients keep (stdout is the wire). `level` is the value of
 * COUNTERSIGN_LOG; default info. pino is loaded with the first line, which most starts never write.
 */
export function createLog(stream: Writable, level: string | undefined): OperatorLog {
  const wanted = (levels as readonly (string | undefined)[]).indexOf(level);
  const least = wanted === -1 ? levels.indexOf('info') : wanted;
  let logger: Promise<Logger> | undefined;
  let byForm: Promise<Mask> | undefined;
  let mask: Mask | undefined;
  let last: Promise<void> = Promise.resolve();
  const write = (at: Level, message: string, fields: LogFields = {}): void => {
    if (levels.indexOf(at) < least) return;
    const time = new Date().toISOString();
    logger ??= open(stream);
    const opened = logger;
    if (mask === undefined) byForm ??= loadByForm();
    last = last.then(async () => {
      const hide = orLeftOut(mask ?? (await byForm) ?? leftOut);
      (await opened)[at]({ time, ...masked(fields, hide) }, hide(message));
    });
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    maskWith: (other) => {
      mask = other;
    },
  };
}

type Mask = (text: string) => string;

const masked = (fields: LogFields, hide: Mask): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? hide(value) : value]),
  );

const leftOut: Mask = () => '(left out: it could not be masked)';

const orLeftOut =
  (mask: Mask): Mask =>
  (text) => {
    try {
      return mask(text);
    } catch {
      return leftOut(text);
    }
  };

/** A package that is updated under a server may have no such part any more. */
const loadByForm = (): Promise<Mask> =>
  import('../masking/by-form.ts').then(
    ({ maskByForm }) => maskByForm,
    () => leftOut,
  );

/** The time is that of the event and not of the writing, so it is ours. */
async function open(stream: Writable): Promise<Logger> {
  // The default alone: in the bundle a CommonJS library that is loaded late has no names.
  const { default: pino } = await import('pino');
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level: 'debug', base: null, timestamp: false, messageKey: 'message', formatters }, stream);
}
