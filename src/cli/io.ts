import type { Readable, Writable } from 'node:stream';
import { crashText } from './crash.ts';

/** What a command has of the process, so that a test can run it in its own. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** How what is told of a crash is masked, once somebody can. */
  readonly maskCrash?: (mask: (text: string) => string) => void;
}

/** 0 done, 1 it found a fault, 2 wrong use. */
export type ExitCode = 0 | 1 | 2;

export const line = (io: Io, text = ''): void => {
  io.stdout.write(`${text}\n`);
};

export const json = (io: Io, value: unknown): void => {
  io.stdout.write(`${JSON.stringify(value, null, io.stdout.isTTY === true ? 2 : 0)}\n`);
};

/** The process, and how it tells that it crashes. */
export function processIo(): Io & { crash(thrown: unknown): void } {
  const stop = new AbortController();
  const { stdin, stdout, stderr, env } = process;
  let mask: ((text: string) => string) | undefined;
  const crash = (thrown: unknown): void => {
    process.exitCode = 1;
    stderr.write(crashText(thrown, mask));
  };
  // Node's own words would quote the message, and the line of code.
  process.on('uncaughtException', (thrown) => {
    crash(thrown);
    process.exit();
  });
  // The first signal ends what runs, cleanly; a second one finds no handler and ends the process.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  // A reader that had enough (`| head`) is no fault.
  stdout.on('error', () => stop.abort());
  const maskCrash = (other: (text: string) => string): void => {
    mask = other;
  };
  return { stdin, stdout, stderr, env, signal: stop.signal, maskCrash, crash };
}
