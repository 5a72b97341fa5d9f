import { type Command, Option } from 'commander';
import { addApprovals, addAudit } from './command-groups.ts';
import { configOption, type End, jsonOption, sandboxOption } from './command-options.ts';
import { addConnect } from './connect-command.ts';
import { addIdentity } from './identity-commands.ts';
import type { Io } from './io.ts';
import { addPolicy } from './policy/commands.ts';
import { addReplay } from './replay-command.ts';

/** Every command and its options. What a command does is loaded when it is called: `serve` must not wait for the others. */
export function addCommands(program: Command, io: Io, end: End): void {
  program
    .command('serve')
    .description('serve MCP over stdio: what a client starts; or over HTTP')
    .option('--http <host:port>', 'Streamable HTTP and HTTP+SSE, such as 127.0.0.1:8700; default: stdio')
    .addOption(configOption())
    .addOption(sandboxOption('an in-memory Kubernetes instead of a cluster'))
    .action(async (options) => end(await (await import('./serve.ts')).serve(options, io)));
  program
    .command('demo')
    .description('the whole job in a minute, nothing needed: read, hold, approve, deny, verify')
    .option('--scripted', 'do not ask at the terminal: approve by a command')
    .action(async (options) => end(await (await import('./demo.ts')).demo(options, io)));
  program
    .command('init')
    .description('print the entry for an MCP client, and the rules that keep its agent from plain kubectl')
    .addOption(
      new Option('--client <client>', 'which')
        .choices(['claude', 'vscode', 'cursor', 'desktop', 'copilot'])
        .makeOptionMandatory(),
    )
    .addOption(new Option('--config <file>', 'the configuration that the entry names'))
    .addOption(sandboxOption('the entry serves the in-memory sandbox'))
    .option('--url <url>', 'the entry is a bridge to a server elsewhere (countersign connect)')
    .option('--write', 'write it, beside the entries that are there')
    .option('--file <file>', "the client's file, where it is not in its usual place")
    .addOption(jsonOption())
    .action(async (options) => end(await (await import('./init.ts')).init(options, io)));
  program
    .command('doctor')
    .description('one line a check: ok, warn or FAIL, what, and what to do')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options) => end(await (await import('./doctor.ts')).doctor(options, io)));
  addApprovals(program, io, end);
  addAudit(program, io, end);
  addReplay(program, io, end);
  addPolicy(program, io, end);
  addIdentity(program, io, end);
  addConnect(program, io, end);
  program
    .command('state')
    .description('the state directory')
    .command('rotate-key')
    .description('seal kept inputs and results with a new key from now on; what older ones sealed stays readable')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options) => end(await (await import('./state-key.ts')).rotateKeyOfState(options, io)));
  program
    .command('digest')
    .description('print the manifestDigest of each document in a file, as cards and the audit log have it')
    .argument('<file>', 'a manifest, or - for stdin')
    .option('--crd <file...>', 'definitions of its kinds, for the fields that they declare to be passwords')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (file, options) => end(await (await import('./digest.ts')).digest(file, options, io)));
}
