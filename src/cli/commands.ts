import { type Command, Option } from 'commander';
import type { ExitCode, Io } from './io.ts';

/** Every command and its options. What a command does is loaded when it is called: `serve` must not wait for the others. */
export function addCommands(program: Command, io: Io, end: (code: ExitCode) => void): void {
  const config = (): Option => new Option('--config <file>', 'the configuration; default $COUNTERSIGN_CONFIG');

  program
    .command('serve')
    .description('serve MCP over stdio (what a client starts)')
    .addOption(config())
    .option('--sandbox', 'use an in-memory Kubernetes instead of a cluster')
    .action(async (options) => end(await (await import('./serve.ts')).serve(options, io)));
}
