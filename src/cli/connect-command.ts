import type { Command } from 'commander';
import type { End } from './command-options.ts';
import type { Io } from './io.ts';

/** `countersign connect URL`: what a client starts that speaks stdio, for a server that is elsewhere. */
export function addConnect(program: Command, io: Io, end: End): void {
  program
    .command('connect')
    .description('speak MCP over stdio for a Countersign server elsewhere, and get the token for it')
    .argument('<url>', 'its address, such as https://countersign.example.com/mcp')
    .option(
      '--token-file <file>',
      'the token of a workload, read again when it changes; or $COUNTERSIGN_TOKEN_FILE, $COUNTERSIGN_TOKEN',
    )
    .option('--login', 'only sign in, at a terminal, for all clients of this user')
    .option('--logout', 'end the tokens of this user for this server and forget them')
    .option('--browser', 'sign in with the browser of this machine; default: with a code, on any device')
    .option('--client-id <id>', 'the public client at the issuer; default: register there')
    .option('--issuer <url>', 'which issuer, where the server names several; default: the first')
    .option('--scope <scopes>', 'what to ask for, such as countersign:read; default: all that the server has')
    .option('--ca <file>', 'PEM file of the authority that signed the certificate of the server')
    .option('--issuer-ca <file>', 'the same of the issuer')
    .action(async (url, options) => end(await (await import('./connect.ts')).connect(url, options, io)));
}
