import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAuditLog } from '../../../src/audit/log.ts';
import { ident } from '../../../src/domain/masked.ts';
import { systemClock, systemRandom } from '../../../src/system.ts';
import { silent } from '../transport/harness.ts';
import { run } from './harness.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

const env = (state: string) => ({ COUNTERSIGN_STATE: join(folder, state), KUBECONFIG: join(folder, 'no-kubeconfig') });

async function config(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

test('alone on a terminal it prints help and the demo line', async () => {
  const { code, out } = await run([]);
  expect(code).toBe(0);
  expect(out).toContain('Usage: countersign');
  expect(out).toContain('countersign demo');
});

const commands = [
  ['serve'],
  ['demo'],
  ['init'],
  ['doctor'],
  ['digest'],
  ['approvals', 'list'],
  ['approvals', 'show'],
  ['approvals', 'approve'],
  ['approvals', 'deny'],
  ['approvals', 'undo'],
  ['audit', 'verify'],
  ['audit', 'tail'],
];

test.each(commands.map((words) => [words.join(' '), words] as const))('%s has --help', async (name, words) => {
  const { code, out } = await run([...words, '--help']);
  expect(code).toBe(0);
  expect(out).toContain(`Usage: countersign ${name}`);
});

test.each(
  commands.filter(([name]) => name !== 'serve' && name !== 'demo').map((words) => [words.join(' '), words] as const),
)('%s has --json', async (_name, words) => {
  expect((await run([...words, '--help'])).out).toContain('--json');
});

test.each([
  [['bogus']],
  [['serve', '--bogus']],
  [['approvals', 'show']],
  [['init']],
  [['init', '--client', 'emacs']],
  [['audit', 'tail', '-n', '0']],
])('%j is wrong use: 2, and says so', async (words) => {
  const { code, err, out } = await run(words);
  expect(code).toBe(2);
  expect(err).toMatch(/^error: /);
  expect(out).toBe('');
});

test('approvals are off unless approvals.local is enabled, and it says why', async () => {
  const { code, err } = await run(['approvals', 'list'], env('off'));
  expect(code).toBe(1);
  expect(err).toMatch(/is off[\s\S]*Whoever has a shell[\s\S]*approvals: \{local: sudo\}/);
});

test('a vote of nobody in the registry does not count', async () => {
  const file = await config('local.yaml', 'approvals: {local: enabled}');
  const { code, err } = await run(['approvals', 'approve', 'cs-abcdef', '--config', file], env('nobody'));
  expect(code).toBe(1);
  expect(err).toContain(`name ${userInfo().username} in osUsers`);
});

test('an approval that is not there is told; an empty list too', async () => {
  const file = await config(
    'me.yaml',
    `approvals: {local: enabled}\npeople: [{id: me, osUsers: [${userInfo().username}]}]`,
  );
  const missing = await run(['approvals', 'approve', 'cs-abcdef', 'looks', 'good', '--config', file], env('empty'));
  expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('cs-abcdef') });
  expect(await run(['approvals', 'list', '--config', file, '--json'], env('empty'))).toMatchObject({
    code: 0,
    out: '[]\n',
  });
});

test('audit verify: 0 for a whole log, 1 after one byte more, 2 where there is none', async () => {
  const state = env('audited');
  const audit = await openAuditLog({
    folder: join(state.COUNTERSIGN_STATE, 'audit'),
    clock: systemClock,
    random: systemRandom,
    log: silent,
  });
  await audit.append({
    type: 'Refused',
    invocation: '01M7YR221G436SJF01EB28JYC2',
    fields: { tool: ident('get'), code: ident('Invalid') },
  });
  await audit.close();
  const whole = await run(['audit', 'verify'], state);
  expect(whole).toMatchObject({ code: 0, out: expect.stringContaining('consistent') });
  const tail = await run(['audit', 'tail', '--type', 'Refused'], state);
  expect(tail.out).toMatch(/Refused .*tool=get {2}code=Invalid\n$/);
  const [file = ''] = await readdir(join(state.COUNTERSIGN_STATE, 'audit'));
  await appendFile(join(state.COUNTERSIGN_STATE, 'audit', file), '{}\n');
  const broken = await run(['audit', 'verify'], state);
  expect(broken).toMatchObject({ code: 1, out: expect.stringContaining('NOT consistent') });
  expect((await run(['audit', 'verify', '--json'], state)).code).toBe(1);
  expect(await run(['audit', 'verify'], env('none'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('no audit log'),
  });
});

test('digest: one line a document, the same for the same content, another for another value of a Secret', async () => {
  const manifest = (password: string): string =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData: {password: ${password}}\n---\n{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}\n`;
  const state = env('digests');
  const first = await run(['digest', '-'], state, manifest('hunter22'));
  expect(first.code).toBe(0);
  expect(first.out).toMatch(/^sha256:[0-9a-f]{64} {2}Secret\/shop\/db\nsha256:[0-9a-f]{64} {2}ConfigMap\/c\n$/);
  expect((await run(['digest', '-'], state, manifest('hunter22'))).out).toBe(first.out);
  const other = (await run(['digest', '-'], state, manifest('hunter23'))).out.split('\n');
  expect(other[0]).not.toBe(first.out.split('\n')[0]);
  expect(other[1]).toBe(first.out.split('\n')[1]);
  // Keyed by the state directory: the digest of a guessed value cannot be computed elsewhere.
  expect((await run(['digest', '-'], env('elsewhere'), manifest('hunter22'))).out.split('\n')[0]).not.toBe(
    first.out.split('\n')[0],
  );
  expect(await run(['digest', join(folder, 'none')], state)).toMatchObject({
    code: 1,
    err: expect.stringContaining('cannot be read'),
  });
});
