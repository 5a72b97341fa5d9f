import { Command, CommanderError } from 'commander';
import { toCountersignError } from '../domain/errors.ts';
import { maskByForm } from '../masking/by-form.ts';
import { version } from '../package.ts';
import { addCommands } from './commands.ts';
import { crashText } from './crash.ts';
import type { ExitCode, Io } from './io.ts';

/** Every command but a plain `serve`; without one, help. */
export async function runProgram(args: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = createProgram(io, (ended) => {
    code = ended;
  });
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    return fault(io, thrown);
  }
}

/** A command that failed says why, and what to do. */
function fault(io: Io, thrown: unknown): ExitCode {
  const error = toCountersignError(thrown);
  const cause = error.code === 'Internal' ? [crashText(error.cause, maskByForm).trimEnd()] : [];
  const lines = [`countersign: ${error.message}`, ...error.lines.map((line) => `  ${line}`), ...cause];
  if (error.hint !== undefined) lines.push(`Next: ${error.hint}`);
  io.stderr.write(`${lines.join('\n')}\n`);
  return 1;
}

function createProgram(io: Io, end: (code: ExitCode) => void): Command {
  const program = new Command('countersign')
    .description('AI agents change a Kubernetes cluster through this MCP server; people countersign what deserves it.')
    .version(version)
    .addHelpText(
      'after',
      '\nSee the whole job in a minute, nothing needed:  countersign demo\nExit codes: 0 done, 1 it found a fault, 2 wrong use.',
    )
    .configureOutput({ writeOut: (text) => void io.stdout.write(text), writeErr: (text) => void io.stderr.write(text) })
    .exitOverride();
  addCommands(program, io, end);
  for (const command of program.commands) {
    command.exitOverride().copyInheritedSettings(program);
  }
  return program;
}
