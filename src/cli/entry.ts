import { parseArgs } from 'node:util';
import type { ExitCode, Io } from './io.ts';
import type { ServeOptions } from './serve.ts';

/**
 * `countersign` with these arguments. Alone: help on a terminal; from a pipe a client has started it, so it serves. What a
 * client starts goes past the library of the command line, which costs it a tenth of its start.
 */
export async function runCli(args: readonly string[], io: Io): Promise<ExitCode> {
  const serving = servingOptions(args, io);
  if (serving !== undefined) return (await import('./serve.ts')).serve(serving, io);
  return (await import('./program.ts')).runProgram(args, io);
}

/** Undefined: it is another command, a question for help, or wrong use, which the program explains. */
function servingOptions(args: readonly string[], io: Io): ServeOptions | undefined {
  const [command, ...rest] = args;
  if (command === undefined) return io.stdin.isTTY === true ? undefined : {};
  if (command !== 'serve') return undefined;
  try {
    const { values } = parseArgs({
      args: rest,
      options: { config: { type: 'string' }, sandbox: { type: 'boolean' } },
    });
    return { ...values };
  } catch {
    return undefined;
  }
}
