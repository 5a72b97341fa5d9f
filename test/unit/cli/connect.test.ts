import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBridge } from '../../support/bridge-rig.ts';
import { makeCertificates } from '../../support/control-plane/certificates.ts';
import { startHttpRig } from '../../support/http-rig.ts';
import { run } from './harness.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-connect-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([
  ['http://countersign.example.com/mcp'],
  ['https://li:hunter2@countersign.example.com/mcp'],
  ['https://countersign.example.com/mcp?token=hunter2'],
  ['countersign.example.com'],
])('%s is refused before anything is sent', async (address) => {
  const { code, err } = await run(['connect', address]);
  expect(code).toBe(1);
  expect(err).toContain('must be https');
  expect(err).not.toContain('hunter2');
});

it('a --ca that is no certificate is refused', async () => {
  const file = join(folder, 'ca.pem');
  await writeFile(file, 'not a certificate');
  const { code, err } = await run(['connect', 'https://countersign.example.com', '--ca', file]);
  expect(code).toBe(1);
  expect(err).toContain('is no PEM file with a certificate');
});

it('a server with a private certificate is reached with --ca, and refused without it', async () => {
  const { caCert, serverCert, serverKey } = await makeCertificates({ user: 'nobody', group: 'nobodies' });
  const rig = await startHttpRig({ over: { tls: { cert: Buffer.from(serverCert), key: Buffer.from(serverKey) } } });
  const url = `https://127.0.0.1:${rig.server.port}/mcp`;
  const trusting = startBridge(url, { ca: caCert });
  expect(await trusting.hello()).toHaveProperty('result');
  await trusting.end();
  const strange = startBridge(url);
  expect(await strange.hello()).toMatchObject({ error: { message: expect.stringContaining('--ca') } });
  await strange.end();
  expect(rig.invocations).toEqual([]);
  await rig.close();
});
