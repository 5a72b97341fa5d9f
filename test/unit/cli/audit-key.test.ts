import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { keySigner } from '../../../src/audit/checkpoint/signer.ts';
import { stateKeys } from '../../../src/audit/checkpoint/state-keys.ts';
import { openState } from '../../../src/state/state.ts';
import { checkpointed } from '../audit/checkpointed.ts';
import { event, keptLog, random, realClock, temporaryFolder } from '../audit/support.ts';
import { run } from './harness.ts';

/** A server with the keys of its state directory, as it runs beside the commands of an operator. */
async function serving() {
  const root = temporaryFolder();
  const state = await openState({ root, clock: realClock, random, log: keptLog() });
  onTestFinished(() => state.close());
  const signer = stateKeys(state, 'example.com/audit', realClock, random);
  const [key] = await signer.keys();
  if (key === undefined) throw new Error('no key');
  const server = await checkpointed({ folder: join(root, 'audit'), test: { signer, key } });
  return { root, env: { COUNTERSIGN_STATE: root }, ...server };
}

const keysOf = (text: string): readonly string[] => text.trim().split('\n');

it('rotates under a server that runs: one note is signed by both, and all are verified with both public keys', async () => {
  const { root, env, audit, checkpoints, sink, close } = await serving();
  const [first = ''] = keysOf((await run(['audit', 'key'], env)).out);
  expect(first).toMatch(/^example\.com\/audit\+[0-9a-f]{8}\+/);
  const work = async (n: string) => {
    await audit.append(event('Planned', n));
    await checkpoints.now('time');
  };
  await work('with the first key');
  const rotated = keysOf((await run(['audit', 'key', '--rotate'], env)).out);
  expect(rotated).toHaveLength(2);
  expect(rotated).toContain(first);
  const second = rotated.find((each) => each !== first) ?? '';
  await work('with both');
  await work('with the second');
  await close();
  const signatures = sink.notes.map((note) => note.match(/^\u2014 /gm)?.length);
  expect(signatures.slice(0, 3)).toEqual([1, 2, 1]);

  const outside = join(temporaryFolder(), 'checkpoints.txt');
  writeFileSync(outside, sink.notes.join('\n'));
  const verify = (...keys: readonly string[]) =>
    run(['audit', 'verify', join(root, 'audit'), '--against', outside, ...keys.flatMap((key) => ['--key', key])]);
  expect(await verify(first, second)).toMatchObject({ code: 0 });
  // Whoever has not heard of the new key is told so, and does not take its notes on trust.
  const old = await verify(first);
  expect(old.code).toBe(1);
  expect(old.out).toContain(second.split('+').slice(0, 2).join('+'));
});

it('gives the keys to programs, and makes the first one where there is none', async () => {
  const env = { COUNTERSIGN_STATE: join(temporaryFolder(), 'new') };
  const { keys } = JSON.parse((await run(['audit', 'key', '--json'], env)).out);
  expect(keys).toHaveLength(1);
  expect(JSON.parse((await run(['audit', 'key', '--json'], env)).out)).toEqual({ keys });
});

it('verifies and exports with a key that is not in the state directory, by what the configuration says of it', async () => {
  const root = temporaryFolder();
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = join(temporaryFolder(), 'key.pem');
  writeFileSync(pem, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  const signer = keySigner('example.com/elsewhere', readFileSync(pem, 'utf8'));
  const [key] = await signer.keys();
  if (key === undefined) throw new Error('no key');
  const { audit, close } = await checkpointed({ folder: join(root, 'audit'), test: { signer, key } });
  await audit.append(event('Planned', 'one'));
  await close();
  const config = join(temporaryFolder(), 'countersign.yaml');
  const env = { COUNTERSIGN_STATE: root, COUNTERSIGN_CONFIG: config };
  const configured = async (checkpoints: object): Promise<{ verified: string; exported: string }> => {
    writeFileSync(config, JSON.stringify({ audit: { checkpoints } }));
    const out = join(temporaryFolder(), 'export');
    const [verified, exported] = [await run(['audit', 'verify'], env), await run(['audit', 'export', out], env)];
    expect([verified.code, exported.code], verified.out + exported.err).toEqual([0, 0]);
    return { verified: verified.out, exported: readFileSync(join(out, 'keys.txt'), 'utf8') };
  };
  const own = { key: `file:${pem}`, keyName: 'example.com/elsewhere' };
  for (const checkpoints of [own, { publicKey: key.text }]) {
    const { verified, exported } = await configured(checkpoints);
    expect(verified).toContain('1 checkpoints have good signatures');
    expect(exported).toContain(key.text);
  }
  expect((await configured({})).verified).not.toContain('good signatures');
});
