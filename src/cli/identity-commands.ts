import type { Command } from 'commander';
import { configOption, type End, jsonOption, sandboxOption } from './command-options.ts';
import type { Io } from './io.ts';

/** `countersign sessions …` and `countersign principals …`: who may go on, and who may not. */
export function addIdentity(program: Command, io: Io, end: End): void {
  addSessions(program, io, end);
  addPrincipals(program, io, end);
}

const shared = (command: Command): Command =>
  command
    .addOption(configOption())
    .addOption(sandboxOption('of a server that runs with --sandbox'))
    .addOption(jsonOption());

function addSessions(program: Command, io: Io, end: End): void {
  const load = () => import('./sessions.ts');
  const group = program
    .command('sessions')
    .description('clients that are connected, in all processes of this state directory');
  shared(group.command('list'))
    .description('the open ones, one a line')
    .action(async (options) => end(await (await load()).listSessions(options, io)));
  shared(group.command('revoke'))
    .description('end sessions: calls in flight, open streams and waits too, within a second')
    .argument('<name...>', 'as the list has them, or the beginning; an agent or a person means all of theirs')
    .option('--suspend', 'keep them out too: suspend whose sessions they are, by token subject and issuer')
    .option('--reason <text>', 'with --suspend: the agent is told')
    .action(async (names, options) => end(await (await load()).revokeSessions(names, options, io)));
}

function addPrincipals(program: Command, io: Io, end: End): void {
  const load = () => import('./principals.ts');
  const group = program.command('principals').description('who may not call any more');
  shared(group.command('list'))
    .description('who is suspended, since when, by whom')
    .action(async (options) => end(await (await load()).listSuspended(options, io)));
  shared(group.command('suspend'))
    .description('refuse every call of somebody and end what runs, in all processes, within a second')
    .argument('<name>', 'an agent, a token subject, a client, or a person with all agents: as the audit log has it')
    .option('--issuer <url>', 'only the names that this issuer gives')
    .option('--reason <text>', 'the agent is told')
    .action(async (name, options) => end(await (await load()).suspend(name, options, io)));
  shared(group.command('resume'))
    .description('let them call again')
    .argument('<name>', 'as the list has it')
    .option('--issuer <url>', 'as the list has it')
    .action(async (name, options) => end(await (await load()).resume(name, options, io)));
}
