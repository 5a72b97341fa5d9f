import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkNode } from '../../../src/cli/doctor/machine.ts';
import { startSandbox } from '../../../src/sandbox/server.ts';
import { run } from './harness.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-doctor-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Finding {
  level: string;
  check: string;
  what: string;
  todo?: string;
}

async function findings(
  text: string | undefined,
  over: Record<string, string> = {},
): Promise<{ code: number; of: (check: string) => Finding[] }> {
  const file = join(folder, 'countersign.yaml');
  if (text !== undefined) await writeFile(file, text);
  const env = { COUNTERSIGN_STATE: join(folder, 'state'), KUBECONFIG: join(folder, 'none'), ...over };
  const { code, out } = await run(['doctor', '--json', ...(text === undefined ? [] : ['--config', file])], env);
  const all: Finding[] = JSON.parse(out).findings;
  return { code, of: (check) => all.filter((finding) => finding.check === check) };
}

const people = (count: number): string =>
  `people: [${Array.from({ length: count }, (_, index) => `{id: p${index}, osUsers: [${index === 0 ? userInfo().username : `u${index}`}]}`).join(', ')}]`;

test.each([
  ['v18.20.0', 'FAIL'],
  ['v20.18.3', 'FAIL'],
  ['v20.19.0', 'warn'],
  ['v24.1.0', 'ok'],
])('node %s: %s', (version, level) => {
  expect(checkNode(version)[0]?.level).toBe(level);
});

test('bad configuration fails, each fault with its place', async () => {
  const { code, of } = await findings('limits: {inFlight: 0}\nfoo: 1');
  expect(code).toBe(1);
  expect(of('config').map(({ level, what }) => [level, /limits\.inFlight|foo/.test(what)])).toEqual([
    ['FAIL', true],
    ['FAIL', true],
  ]);
});

test('a state directory that others can read fails and says the command', async () => {
  const state = join(folder, 'open');
  await mkdir(state, { mode: 0o755 });
  await chmod(state, 0o755);
  const { of } = await findings(undefined, { COUNTERSIGN_STATE: state });
  expect(of('state')).toMatchObject([{ level: 'FAIL', todo: `run: chmod 700 ${state}` }]);
});

test('the shipped policy loads and its digest is shown; a broken one fails', async () => {
  expect((await findings(undefined)).of('policy')).toMatchObject([
    { level: 'ok', what: expect.stringMatching(/rules, sha256:[0-9a-f]{64}$/) },
  ]);
  await mkdir(join(folder, 'broken'), { recursive: true });
  await writeFile(join(folder, 'broken', 'a.yaml'), 'rules: [{name: x}]');
  expect((await findings('policy: {folder: broken}')).of('policy')).toMatchObject([
    { level: 'FAIL', what: expect.stringContaining('everything is denied') },
  ]);
});

test('fewer people than a rule needs fail, as many as it needs are a warning, more are fine', async () => {
  const rules = 'rules: [{name: two, description: Needs two people always., effect: review, require: {people: 2}}]';
  await mkdir(join(folder, 'two'), { recursive: true });
  await writeFile(join(folder, 'two', 'a.yaml'), rules);
  for (const [count, level] of [
    [1, 'FAIL'],
    [2, 'warn'],
    [3, 'ok'],
  ] as const) {
    const { of } = await findings(`policy: {folder: two}\n${people(count)}`);
    expect(of('people').map((finding) => finding.level)).toEqual([level]);
  }
});

test('approvals.local off leaves nobody to ask; enabled is named as what it is', async () => {
  expect((await findings(people(3))).of('approvals')).toMatchObject([{ level: 'FAIL' }]);
  const { of } = await findings(`${people(3)}\napprovals: {local: enabled}`);
  expect(of('approvals')).toMatchObject([
    { level: 'warn', what: expect.stringContaining('whoever has a shell') },
    { level: 'FAIL', what: expect.stringContaining('need somebody else') },
  ]);
  const sudo = await findings(`${people(3)}\napprovals: {local: sudo}`);
  expect(sudo.of('approvals')).toMatchObject([{ level: 'ok', what: expect.stringContaining('sudo -u') }]);
});

test('a cluster that answers is identified; one that does not fails with its name', async () => {
  const sandbox = await startSandbox();
  try {
    const text = `clusters: {toy: {sandbox: {url: "${sandbox.url}", token: "env:TOKEN"}}}`;
    expect((await findings(text, { TOKEN: sandbox.token })).of('cluster')).toMatchObject([
      { level: 'ok', what: expect.stringMatching(/uid [0-9a-f-]{36}/) },
    ]);
  } finally {
    await sandbox.stop();
  }
  const { of, code } = await findings('clusters: {prod: {kubeconfig: nowhere, context: prod}}');
  expect(code).toBe(1);
  expect(of('cluster')).toMatchObject([{ level: 'FAIL', what: expect.stringMatching(/^prod: /) }]);
  expect(of('isolation')).toMatchObject([
    { level: 'FAIL', todo: expect.stringContaining('isolation: accept-same-user') },
  ]);
  expect(of('roles').map(({ level }) => level)).toEqual(['warn', 'warn', 'warn', 'warn', 'warn']);
});

test('a kubeconfig that the agent can read is the real hole', async () => {
  const path = join(folder, 'kubeconfig');
  await writeFile(path, 'apiVersion: v1\nkind: Config\n');
  expect((await findings(undefined, { KUBECONFIG: path })).of('bypass')).toMatchObject([
    { level: 'warn', what: expect.stringContaining(path) },
  ]);
});

test('for people: one line a check, and what to do under it', async () => {
  const { out } = await run(['doctor'], { COUNTERSIGN_STATE: join(folder, 'state'), KUBECONFIG: '/nowhere' });
  for (const line of out.trimEnd().split('\n')) expect(line).toMatch(/^(?:ok {4}|warn {2}|FAIL {2})\S+ |^ {17}-> /);
});
