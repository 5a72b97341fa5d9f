import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../domain/environment.ts';
import { invalid } from '../domain/errors.ts';
import { isSafeAddress } from '../identity/config.ts';
import { createIssuerFetch } from '../identity/fetch.ts';
import { givenBearer } from '../identity/login/given-bearer.ts';
import { LoginBearer } from '../identity/login/login-bearer.ts';
import { resolveStateRoot } from '../state/root.ts';
import { runBridge } from '../transport/connect/bridge.ts';
import { openBrowser } from './connect-browser.ts';
import { openGrantStore } from './connect-store.ts';
import { type ExitCode, type Io, line } from './io.ts';
import { createLog } from './log.ts';
import { serverAddress } from './server-address.ts';

export interface ConnectOptions {
  readonly tokenFile?: string;
  readonly clientId?: string;
  readonly issuer?: string;
  readonly scope?: string;
  readonly browser?: boolean;
  readonly login?: boolean;
  readonly logout?: boolean;
  readonly ca?: string;
  readonly issuerCa?: string;
}

/** A stdio server for a client, on a remote Countersign; or only the login for it. */
export async function connect(address: string, options: ConnectOptions, io: Io): Promise<ExitCode> {
  const url = serverAddress(address);
  const ca = options.ca === undefined ? undefined : await readCa(options.ca);
  const log = createLog(io.stderr, io.env.COUNTERSIGN_LOG);
  const over = new AbortController();
  const signal = AbortSignal.any([io.signal, over.signal]);
  const loginBearer = () => personsBearer(url, options, io, { log, signal });
  if (options.logout === true) return signOut(await loginBearer(), url, io);
  if (options.login === true) return signIn(await loginBearer(), url, io);
  const bearer = givenTo(options, io) ?? (await loginBearer());
  const { stdin: input, stdout: output } = io;
  try {
    await runBridge({ url, ca, bearer, log, input, output, signal: io.signal, sleep });
  } finally {
    over.abort();
  }
  return 0;
}

async function signIn(bearer: LoginBearer, url: URL, io: Io): Promise<ExitCode> {
  await bearer.signIn();
  line(io, `Signed in at ${url.href}. Every \`countersign connect ${url.href}\` of this user now has a token.`);
  return 0;
}

async function signOut(bearer: LoginBearer, url: URL, io: Io): Promise<ExitCode> {
  const was = await bearer.signOut();
  line(io, was ? `Signed out of ${url.href}.` : `Nobody was signed in at ${url.href}.`);
  return 0;
}

const sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  delay(milliseconds, undefined, { signal }).catch(() => undefined);

const givenTo = ({ tokenFile }: ConnectOptions, { env }: Io) =>
  givenBearer(tokenFile === undefined ? env : { COUNTERSIGN_TOKEN_FILE: tokenFile });

interface Surroundings {
  readonly log: Log;
  readonly signal: AbortSignal;
}

async function personsBearer(server: URL, options: ConnectOptions, io: Io, { log, signal }: Surroundings) {
  if (options.issuer !== undefined && !isSafeAddress(options.issuer))
    throw invalid('--issuer is no https address', 'give it as the server names it');
  const store = await openGrantStore(resolveStateRoot(io.env), server, sleep);
  const fetchOf = (ca: string | undefined) => createIssuerFetch({ ca, tokenFile: undefined, origins: new Set() });
  return new LoginBearer({
    ...{ server, store, sleep, log, signal, clientId: options.clientId, issuer: options.issuer },
    flow: options.browser === true ? 'browser' : 'device',
    scopes: options.scope?.split(/[ ,]+/).filter((scope) => scope !== ''),
    fetch: fetchOf(options.issuerCa),
    fetchServer: fetchOf(options.ca),
    // For people: a line of its own, not one of the log. Clients keep stderr.
    prompt: (text) => void io.stderr.write(`countersign connect: ${text}\n`),
    open: (url) => openBrowser(url, io.env),
    clock: { now: () => Date.now() },
  });
}

async function readCa(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw invalid(
    `--ca ${file} is no PEM file with a certificate`,
    'name the file of the authority that signed the certificate of the server',
  );
}
