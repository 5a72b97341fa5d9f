import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { expect, it } from 'vitest';
import { verify } from '../../../src/audit/verify/verify.ts';
import { ident } from '../../../src/domain/masked.ts';
import { seal } from '../../../src/domain/seal.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { event, linesIn, opened, random, realClock, temporaryFolder } from '../audit/support.ts';
import { run } from './harness.ts';

const secret = 'correct horse battery staple';

/** A state directory with a recording whose raw frames only the identity in `keyFile` opens. */
async function recorded() {
  const state = temporaryFolder();
  const identity = await generateX25519Identity();
  const rawTo = [await identityToRecipient(identity)];
  const recorder = createRecorder({ folder: join(state, 'recordings'), rawTo, clock: realClock, random });
  const recording = await recorder.start({
    ...{ invocation: '01JD', planDigest: 'sha256:p', agent: 'deploy-bot', cluster: 'shop-prod', container: 'web' },
    object: ident('Pod/shop/web-0'),
    command: [seal('env')],
  });
  await recording.raw?.({ channel: 'stdout', bytes: Buffer.from(`${secret}\u001b[2J\n`), time: Date.now() });
  await recording.write('stdout', seal('[masked]\n'), Date.now());
  const { root } = await recording.end({ exitCode: 0, reason: undefined });
  const audit = await opened({ folder: join(state, 'audit') });
  const sealed = event('RecordingClosed', '01JD', { recording: recording.id, root });
  await audit.append(sealed);
  await audit.close();
  const keyFile = join(temporaryFolder(), 'key.txt');
  writeFileSync(keyFile, `# public key: ${rawTo[0]}\n${identity}\n`, { mode: 0o600 });
  const said = () => linesIn(join(state, 'audit')).filter(({ type }) => type === 'RecordingDecrypted');
  return { id: recording.id, state, env: { COUNTERSIGN_STATE: state }, keyFile, identity, said };
}

it('shows what was not masked to who has the key, and writes down who and why', async () => {
  const { id, env, state, keyFile, said } = await recorded();
  expect((await run(['replay', id], env)).out).toBe('[masked]\n');
  const { code, out, err } = await run(
    ['replay', id, '--raw', '--identity', keyFile, '--reason', 'incident 4711'],
    env,
  );
  expect(code, err).toBe(0);
  expect(out).toBe(`${secret}\\u{1b}[2J\n`);
  expect(err).toContain('NOT masked');
  expect(said()).toHaveLength(1);
  expect(said()[0]).toMatchObject({ invocation: '01JD', recording: id, comment: 'incident 4711' });
  expect(said()[0]?.by).toEqual(expect.stringMatching(/./));
  expect((await verify(join(state, 'audit'))).faults).toEqual([]);
});

it('takes the key from stdin, so that it need not lie on this disk', async () => {
  const { id, env, identity } = await recorded();
  const args = ['replay', id, '--raw', '--identity', '-', '--reason', 'incident', '--json'];
  const { out } = await run(args, env, `${identity}\n`);
  expect(JSON.parse(out).cues.map(({ text }: { text: string }) => text)).toEqual([`${secret}\u001b[2J\n`]);
});

it.each([
  ['without a reason', ['--identity', 'KEY'], 'needs --reason'],
  ['without a key', ['--reason', 'because'], 'needs --identity'],
  ['with a file that holds no key', ['--reason', 'because', '--identity', '/dev/null'], 'no age identity'],
])('shows nothing and writes nothing down %s', async (_, args, says) => {
  const { id, env, keyFile, said } = await recorded();
  const given = args.map((each) => (each === 'KEY' ? keyFile : each));
  const { code, out, err } = await run(['replay', id, '--raw', ...given], env);
  expect(code).toBe(1);
  expect(out).toBe('');
  expect(err).toContain(says);
  expect(said()).toEqual([]);
});

it('shows nothing with the wrong key, and the try is in the log', async () => {
  const { id, env, keyFile, said } = await recorded();
  writeFileSync(keyFile, await generateX25519Identity());
  const { code, out, err } = await run(['replay', id, '--raw', '--identity', keyFile, '--reason', 'x'], env);
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('cannot be decrypted');
  expect(said()).toHaveLength(1);
});

it('says when the raw frames are not those that were sealed', async () => {
  const { id, env, state, keyFile } = await recorded();
  const path = join(state, 'recordings', `${id}.raw.jsonl`);
  writeFileSync(path, `${readFileSync(path, 'utf8').split('\n')[0]}\n`);
  const { code, err } = await run(['replay', id, '--raw', '--identity', keyFile, '--reason', 'x'], env);
  expect(code).toBe(1);
  expect(err).toContain('the raw frames are not those that it was sealed with');
});

it('never writes a cast of what was not masked', async () => {
  const { id, env, keyFile } = await recorded();
  const args = ['replay', id, '--raw', '--identity', keyFile, '--reason', 'x', '--asciicast', '-'];
  expect(await run(args, env)).toMatchObject({ code: 2, out: '' });
});
