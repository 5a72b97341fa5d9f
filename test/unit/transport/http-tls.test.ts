import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { httpConfigSchema } from '../../../src/transport/http/config.ts';
import { readTls } from '../../../src/transport/http/tls-files.ts';
import { type HttpRig, startHttpRig, until } from '../../support/http-rig.ts';

let folder: string;
let rig: HttpRig | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-tls-'));
});
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  await rm(folder, { recursive: true, force: true });
});

const files = () => ({ cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') });

/** Writes a new certificate; gives it. */
async function issue(name: string): Promise<string> {
  const altNames = [{ type: 7 as const, ip: '127.0.0.1' }];
  const pems = await generate([{ name: 'commonName', value: name }], {
    extensions: [{ name: 'subjectAltName', altNames }],
  });
  await writeFile(files().cert, pems.cert);
  await writeFile(files().key, pems.private);
  return pems.cert;
}

/** Who answers, as the certificate says. */
const servedBy = (url: string, ca: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false, ca });
    const sent = request(`${url}/healthz`, { agent });
    sent.once('response', (response) => {
      resolve(String((response.socket as TLSSocket).getPeerCertificate().subject.CN));
      response.resume();
    });
    sent.once('error', reject).end();
  });

it('serves TLS from files, takes new ones, and keeps the last good ones', async () => {
  const first = await issue('first');
  const config = httpConfigSchema.parse({ tls: files() });
  rig = await startHttpRig({ config, over: { tls: await readTls(files()) } });
  const { url, pass, logged } = rig;
  expect(url).toMatch(/^https:/);
  expect(await servedBy(url, first)).toBe('first');

  const second = await issue('second');
  pass(1_000);
  await until(async () => (await servedBy(url, second).catch(() => '')) === 'second');

  await writeFile(files().key, 'half a key');
  pass(1_000);
  await until(() => logged.length > 0);
  pass(1_000);
  expect(await servedBy(url, second)).toBe('second');
  expect(logged).toHaveLength(1);
  expect(logged[0]).toContain('the last good ones stay in force');
});

it('does not start with files that are missing or do not fit each other', async () => {
  await expect(readTls(files())).rejects.toThrow(/http\.tls: .*tls\.\w+ cannot be read \(ENOENT\)/);
  await issue('first');
  await writeFile(files().key, 'no key');
  await expect(readTls(files())).rejects.toThrow(/are not a certificate and its key/);
});
