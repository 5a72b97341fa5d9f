import type { Command } from 'commander';
import { configOption, type End, jsonOption, sandboxOption } from '../command-options.ts';
import type { Io } from '../io.ts';

/** `countersign policy …`: a bundle is tested, read and compared without a server. */
export function addPolicy(program: Command, io: Io, end: End): void {
  const group = program.command('policy').description('test, explain, check and compare the rules');
  const dir = 'a bundle; default: the configured one, else the strict one that is shipped';
  group
    .command('test')
    .description('run the cases beside the rules; 1 if one fails or a rule has none')
    .argument('[dir]', dir)
    .option('--junit <file>', 'write the results for CI too, as JUnit XML')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (folder, options) => end(await (await import('./test.ts')).policyTest(folder, options, io)));
  group
    .command('explain')
    .description('which rules match a call, which decide and why, with the facts')
    .argument('[invocation]', 'of the audit log, or the end of its id')
    .option('--tool <tool>', 'instead: a call that is tried out (dryRun), with --input')
    .option('--input <json>', 'the input of the tool')
    .option('--policy <dir>', dir)
    .option('--all', 'rules that are about something else, too')
    .addOption(configOption())
    .addOption(sandboxOption('try the call in the in-memory sandbox'))
    .addOption(jsonOption())
    .action(async (id, options) => end(await (await import('./explain.ts')).policyExplain(id, options, io)));
  group
    .command('lint')
    .description(
      'rules that can never match or never decide, unknown facts, namespaces without a rule; 1 if it finds any',
    )
    .argument('[dir]', dir)
    .option('--namespaces <list>', 'names, separated by commas, that there should be rules for')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (folder, options) => end(await (await import('./lint.ts')).policyLint(folder, options, io)));
  group
    .command('diff')
    .description('decide recorded calls by two bundles, and show whose outcome changes; 1 if any does')
    .argument('<a>', 'a bundle')
    .argument('<b>', 'another')
    .option('--calls <dir>', 'an audit folder; default: of the state directory')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (a, b, options) => end(await (await import('./diff.ts')).policyDiff(a, b, options, io)));
}
