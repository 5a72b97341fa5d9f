import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifierKey } from '../../../src/audit/checkpoint/note.ts';
import { stateKeys } from '../../../src/audit/checkpoint/state-keys.ts';
import { openState } from '../../../src/state/state.ts';
import { makeCertificates } from '../../support/control-plane/certificates.ts';
import { checkpointed } from '../audit/checkpointed.ts';
import { event, keptLog, random, realClock, temporaryFolder } from '../audit/support.ts';
import { run } from './harness.ts';

interface Finding {
  readonly level: string;
  readonly check: string;
  readonly what: string;
  readonly todo?: string;
}

/** What doctor says of one check. */
async function found(root: string, check: string, config: object = {}): Promise<readonly Finding[]> {
  const file = join(temporaryFolder(), 'countersign.yaml');
  writeFileSync(file, JSON.stringify(config));
  const { out } = await run(['doctor', '--json', '--config', file], {
    COUNTERSIGN_STATE: root,
    KUBECONFIG: '/nowhere',
  });
  const findings: readonly Finding[] = JSON.parse(out).findings;
  return findings.filter((finding) => finding.check === check);
}

/** A state directory in which a server made a key and a checkpoint. */
async function served(): Promise<{ root: string; keys: string }> {
  const root = temporaryFolder();
  const state = await openState({ root, clock: realClock, random, log: keptLog() });
  const signer = stateKeys(state, undefined, realClock, random);
  const [key] = await signer.keys();
  if (key === undefined) throw new Error('no key');
  const { audit, close } = await checkpointed({ folder: join(root, 'audit'), test: { signer, key } });
  await audit.append(event('Planned', 'one'));
  await close();
  await state.close();
  return { root, keys: join(root, 'keys', 'audit') };
}

const publicKeys = async (root: string): Promise<readonly string[]> =>
  JSON.parse((await run(['audit', 'key', '--json'], { COUNTERSIGN_STATE: root })).out).keys;
const naming = (checkpoints: object): object => ({ audit: { checkpoints } });

describe('the audit key', () => {
  it('is made with the first checkpoint, and doctor makes none', async () => {
    const root = temporaryFolder();
    chmodSync(root, 0o700);
    expect(await found(root, 'audit-key')).toMatchObject([{ level: 'ok', what: expect.stringContaining('none yet') }]);
    expect(existsSync(join(root, 'keys'))).toBe(false);
  });

  it('is named, and held to what was published', async () => {
    const { root } = await served();
    const [own = ''] = await publicKeys(root);
    const label = own.split('+').slice(0, 2).join('+');
    const named = { level: 'ok', what: expect.stringContaining(label) };
    expect(await found(root, 'audit-key')).toMatchObject([named]);
    expect(await found(root, 'audit-key', naming({ publicKey: own }))).toMatchObject([
      { level: 'ok', what: `${label}: the published one` },
    ]);
    const [other = ''] = await publicKeys((await served()).root);
    expect(await found(root, 'audit-key', naming({ publicKey: other }))).toMatchObject([
      {
        level: 'FAIL',
        what: expect.stringContaining('is another key'),
        todo: expect.stringContaining('countersign audit key'),
      },
    ]);
    expect(await found(root, 'audit-key', naming({ keyName: 'example.com/log' }))).toMatchObject([
      { level: 'warn', todo: expect.stringContaining('--rotate') },
    ]);
  });

  it('that is gone, or another than signed the log, is told before a new one signs', async () => {
    const { root, keys } = await served();
    const restore = expect.stringContaining('restore keys/audit from a backup');
    rmSync(keys, { recursive: true });
    expect(await found(root, 'audit-key')).toMatchObject([
      { level: 'FAIL', what: expect.stringContaining('names no key'), todo: restore },
    ]);
    await publicKeys(root);
    expect(await found(root, 'audit-key')).toMatchObject([
      { level: 'FAIL', what: expect.stringMatching(/signed by countersign-\w+\+\w+, by no key in/), todo: restore },
    ]);
  });

  it('that others may read is none, and a damaged one says what to restore', async () => {
    const { root, keys } = await served();
    const file = join(keys, `${readFileSync(join(keys, 'current'), 'utf8').trim()}.json`);
    chmodSync(file, 0o640);
    expect(await found(root, 'audit-key')).toMatchObject([
      { level: 'FAIL', what: expect.stringContaining(file), todo: expect.stringContaining('chmod 600') },
    ]);
    chmodSync(file, 0o600);
    writeFileSync(file, '{}');
    expect(await found(root, 'audit-key')).toMatchObject([
      { level: 'FAIL', what: expect.stringContaining('cannot be read'), todo: expect.any(String) },
    ]);
  });

  it('elsewhere is tried: by its PEM, and by a program', async () => {
    const root = temporaryFolder();
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pem = join(temporaryFolder(), 'key.pem');
    writeFileSync(pem, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    const { text } = verifierKey('example.com/log', publicKey);
    const own = { key: `file:${pem}`, keyName: 'example.com/log' };
    expect(await found(root, 'audit-key', naming(own))).toMatchObject([
      { level: 'ok', what: expect.stringContaining('example.com/log+') },
    ]);
    const script = `const { createPrivateKey, sign } = require('node:crypto');
      const text = require('node:fs').readFileSync(0);
      process.stdout.write(sign(null, text, createPrivateKey(require('node:fs').readFileSync(process.argv[1]))).toString('base64'));`;
    const command = [process.execPath, '-e', script, pem];
    expect(await found(root, 'audit-key', naming({ command, publicKey: text }))).toMatchObject([
      { level: 'ok', what: expect.stringContaining('a program signs: example.com/log+') },
    ]);
    const { text: another } = verifierKey('example.com/log', generateKeyPairSync('ed25519').publicKey);
    expect(await found(root, 'audit-key', naming({ command, publicKey: another }))).toMatchObject([
      { level: 'FAIL', what: expect.stringContaining('not with the private half') },
    ]);
    expect(await found(root, 'audit-key', naming({ ...own, publicKey: another }))).toMatchObject([{ level: 'FAIL' }]);
    const failing = { command: [process.execPath, '-e', 'process.exit(3)'], publicKey: text };
    expect(await found(root, 'audit-key', naming(failing))).toMatchObject([
      { level: 'FAIL', what: expect.stringContaining('failed (3)') },
    ]);
  });
});

describe('the places for checkpoints', () => {
  it('that are files can be added to', async () => {
    const folder = temporaryFolder();
    const sinks = (file: string): object => naming({ sinks: [{ file }] });
    expect(await found(temporaryFolder(), 'checkpoints', sinks(join(folder, 'notes')))).toMatchObject([
      { level: 'ok' },
    ]);
    expect(existsSync(join(folder, 'notes'))).toBe(false);
    const missing = join(folder, 'no', 'notes');
    expect(await found(temporaryFolder(), 'checkpoints', sinks(missing))).toMatchObject([
      { level: 'warn', what: expect.stringContaining(`${missing} cannot be reached: ENOENT`) },
    ]);
  });

  it('that are addresses answer, with a certificate that is trusted', async () => {
    const { caCert, serverCert, serverKey } = await makeCertificates({ user: 'x', group: 'x' });
    const ca = join(temporaryFolder(), 'ca.pem');
    writeFileSync(ca, caCert);
    const server = createServer({ cert: serverCert, key: serverKey });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    let requests = 0;
    server.on('request', () => {
      requests += 1;
    });
    const { port } = server.address() as AddressInfo;
    const url = `https://127.0.0.1:${port}/notes`;
    const root = temporaryFolder();
    expect(await found(root, 'checkpoints', naming({ sinks: [{ url, ca }] }))).toMatchObject([{ level: 'ok' }]);
    const untrusted = await found(root, 'checkpoints', naming({ sinks: [{ url }] }));
    expect(untrusted).toMatchObject([{ level: 'warn', what: expect.stringContaining('certificate') }]);
    expect(requests).toBe(0);
    server.close();
    await once(server, 'close');
    expect(await found(root, 'checkpoints', naming({ sinks: [{ url, ca }] }))).toMatchObject([
      { level: 'warn', what: expect.stringContaining('ECONNREFUSED'), todo: expect.stringContaining('not ready') },
    ]);
  });
});

describe('recordings', () => {
  it('can be written, and raw ones encrypted to who is named', async () => {
    const root = temporaryFolder();
    expect(await found(root, 'recordings')).toMatchObject([
      { level: 'ok', what: expect.stringContaining('raw frames are not kept') },
    ]);
    const recipient = await identityToRecipient(await generateX25519Identity());
    expect(await found(root, 'recordings', { recording: { rawTo: [recipient] } })).toMatchObject([
      { level: 'ok', what: expect.stringContaining(recipient.slice(0, 12)) },
    ]);
    // Not even an administrator writes into it.
    writeFileSync(join(root, 'recordings'), '', { mode: 0o600 });
    expect(await found(root, 'recordings')).toMatchObject([
      { level: 'FAIL', what: expect.stringContaining('no exec runs'), todo: expect.any(String) },
    ]);
  });
});
