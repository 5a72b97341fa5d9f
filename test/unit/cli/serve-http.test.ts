import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type ServeHttpOptions, serveOverHttp } from '../../../src/cli/serve-http.ts';
import { until } from '../../support/http-rig.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-serve-http-'));
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

interface Ran {
  readonly code: Promise<number>;
  readonly errors: () => string;
  readonly logged: {
    readonly level: string;
    readonly message: string;
    readonly fields: Readonly<Record<string, unknown>>;
  }[];
  readonly stop: () => void;
}

function run(options: ServeHttpOptions): Ran {
  const stderr = new PassThrough();
  let errors = '';
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const logged: Ran['logged'] = [];
  const at =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      void logged.push({ level, message, fields });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), maskWith: () => {} };
  const stopping = new AbortController();
  const io = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr,
    env: { COUNTERSIGN_STATE: join(folder, 'state'), HOME: folder },
    signal: stopping.signal,
  };
  return { code: serveOverHttp(options, io, log), errors: () => errors, logged, stop: () => stopping.abort() };
}

async function configured(config: object): Promise<string> {
  const file = join(folder, 'countersign.yaml');
  await writeFile(file, stringify(config), { mode: 0o600 });
  return file;
}

const identity = {
  resource: 'https://countersign.example.com/mcp',
  issuers: [{ issuer: 'https://idp.example.com', subjects: 'people' }],
};
const here = '127.0.0.1:0';

test.each<readonly [string, ServeHttpOptions & { readonly write?: object }, RegExp]>([
  ['nobody could be told apart', { http: here }, /no issuer of tokens is configured[\s\S]*identity\.issuers/],
  [
    'the sandbox beyond this machine',
    { http: '0.0.0.0:0', sandbox: true, write: { http: { behindProxy: true } } },
    /loopback only/,
  ],
  ['tokens in the clear', { http: '0.0.0.0:0', write: { identity } }, /in the clear[\s\S]*http\.tls/],
  ['an address that is none', { http: 'localhost', sandbox: true }, /not an address/],
  ['a port that is none', { http: '127.0.0.1:70000', sandbox: true }, /not an address/],
  ['no cluster', { http: here, write: { identity } }, /No cluster is configured/],
  ['an unknown key', { http: here, write: { htpp: {} } }, /unknown key "htpp"; did you mean "http"/],
  [
    'TLS files that are not there',
    { http: here, sandbox: true, write: { http: { tls: { cert: 'a', key: 'b' } } } },
    /http\.tls: \S+[ab] cannot be read/,
  ],
  [
    'a policy with a fault',
    { http: here, sandbox: true, write: { policy: { folder: 'nowhere' } } },
    /The policy cannot be used/,
  ],
])('exits 2 and says what to do: %s', async (_name, { write, ...options }, message) => {
  const config = write === undefined ? {} : { config: await configured(write) };
  const ran = run({ ...options, ...config });
  expect(await ran.code).toBe(2);
  expect(ran.errors()).toMatch(message);
  expect(ran.errors()).toMatch(/^Next: /m);
});

test('serves until the signal comes, and says loudly that nobody is told apart', async () => {
  const ran = run({ http: here, sandbox: true });
  await until(() => ran.logged.some(({ fields }) => fields.port !== undefined));
  const port = ran.logged.find(({ fields }) => fields.port !== undefined)?.fields.port;
  expect(ran.logged.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
    expect.stringContaining('SANDBOX WITHOUT TOKENS'),
  ]);
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  ran.stop();
  expect(await ran.code).toBe(0);
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
});
