import { type Command, InvalidArgumentError, Option } from 'commander';
import { configOption, type End, jsonOption, sandboxOption } from './command-options.ts';
import type { Io } from './io.ts';

/** `countersign approvals …`: a person at the terminal. */
export function addApprovals(program: Command, io: Io, end: End): void {
  const load = () => import('./approvals.ts');
  const group = program
    .command('approvals')
    .description('look at what waits for a person, and vote; off unless approvals.local is enabled')
    .addHelpText(
      'after',
      '\nWhoever has a shell as this user can vote here, an agent too: that is why it is off by default.',
    );
  const command = (name: string, description: string): Command =>
    group
      .command(name)
      .description(description)
      .addOption(configOption())
      .addOption(sandboxOption('of a server that runs with --sandbox'))
      .addOption(jsonOption());

  command('list', 'the open ones, one a line')
    .option('--all', 'the decided ones too')
    .action(async (options) => end(await (await load()).listApprovals(options, io)));
  command('show', 'everything that the vote is about: who, risks, the whole diff, digests')
    .argument('<id>')
    .action(async (id, options) => end(await (await load()).showApproval(id, options, io)));
  for (const [decision, description] of votes) {
    command(decision, description)
      .argument('<id>')
      .argument('[comment...]', 'what the agent is told in your words')
      .option('--comment <text>', 'the same as one argument')
      .action(async (id, words, options) => end(await (await load()).vote(decision, id, words, options, io)));
  }
  command('break-glass', 'countersign alone, also what your own agent asks, where every rule that asks allows it')
    .argument('<id>')
    .argument('<reason...>', 'why it could not wait for others, at least 10 characters')
    .action(async (id, words, options) => end(await (await load()).breakGlass(id, words, options, io)));
  command('review', 'you looked at what somebody else countersigned by break-glass')
    .argument('<id>')
    .argument('[comment...]')
    .action(async (id, words, options) => end(await (await load()).reviewApproval(id, words, options, io)));
  command('settle', 'you found out what became of a run whose outcome is unknown; nothing is sent')
    .argument('<id>')
    .argument('<reason...>', 'what you looked at, and what you saw')
    .addOption(new Option('--as <outcome>').choices(['executed', 'failed']).makeOptionMandatory())
    .action(async (id, words, options) => end(await (await load()).settleApproval(id, words, options, io)));
}

const votes = [
  ['approve', 'countersign exactly this plan'],
  ['deny', 'refuse it; say what the agent should do instead'],
  ['undo', 'take back your own approve, before it is used'],
] as const;

/** `countersign audit …`: needs no server. */
export function addAudit(program: Command, io: Io, end: End): void {
  const load = () => import('./audit.ts');
  const group = program.command('audit').description('read and check the audit log');
  group
    .command('verify')
    .description(
      'check every line, link, signature and the story; 1 if anything was changed, 2 if it cannot be checked',
    )
    .argument('[paths...]', 'audit folders, archives, or files of them; default: of the state directory')
    .option('--key <key>', 'a public key (name+id+key), or a file with some; again for more', collect)
    .option('--against <file>', 'checkpoints that were kept outside; again for more', collect)
    .option('--part', 'chains that are named and not here were archived: tell them, and go on')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (paths, options) => end(await (await import('./audit-verify.ts')).auditVerify(paths, options, io)));
  group
    .command('key')
    .description('print the public keys of the checkpoints, for those who verify; the one in force last')
    .option('--rotate', 'sign with a new key from now on')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options) => end(await (await import('./audit-key.ts')).auditKey(options, io)));
  group
    .command('tail')
    .description('events of all processes, by time')
    .option('-f, --follow', 'go on with what is written later')
    .option('-n, --last <count>', 'only the last so many of what is there', positive)
    .option('--invocation <id>')
    .option('--approval <id>')
    .option('--type <type>')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options) => end(await (await load()).auditTail(options, io)));
  group
    .command('show')
    .description('the whole story of one call, as a timeline')
    .argument('<id>', 'the audit id of an answer, its last eight characters or more, or an approval')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (id, options) => end(await (await load()).auditShow(id, options, io)));
  group
    .command('join')
    .description("match every request with the API server's own audit log, both ways; 1 if either lacks one")
    .argument('<log...>', 'files of --audit-log-path, JSON')
    .option('--user <name...>', 'a user of the API server that is ours alone, where there is no impersonation')
    .option('--cluster <name>', 'only calls to this cluster are looked for')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (files, options) => end(await (await import('./audit-join.ts')).auditJoin(files, options, io)));
  group
    .command('export')
    .description('a folder that an auditor can check alone: log, recordings, public keys, a checker, how to use it')
    .argument('<folder>', 'is made anew')
    .option('--no-recordings', 'leave the exec recordings out')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (out, options) => end(await (await import('./audit-export.ts')).auditExport(out, options, io)));
  group
    .command('query')
    .description('events that have exactly these values, by time')
    .option('--approval <id>')
    .option('--invocation <id>')
    .option('--type <type>')
    .option('--approver <person>')
    .option('--principal <agent>')
    .option('--tool <tool>')
    .option('--namespace <name>', 'about objects in it')
    .option('--object <object>', 'Kind/namespace/name, or Kind/name')
    .addOption(new Option('--outcome <outcome>', 'how a call ended').choices(outcomes))
    .option('--since <time>', '30m, 2h, 7d, or a time such as 2026-11-21T09:00:00Z')
    .option('--until <time>', 'the same; only what was before it')
    .option('--break-glass', 'what was countersigned alone, and what became of it')
    .addOption(new Option('--format <format>', 'for people or for a spreadsheet').choices(['lines', 'table', 'csv']))
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options) => end(await (await import('./audit-query.ts')).auditQuery(options, io)));
}

const outcomes = ['executed', 'failed', 'unknown', 'refused', 'denied'] as const;

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a whole number above 0');
  return Number(text);
}
