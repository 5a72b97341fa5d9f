import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publishedSchema } from '../../../src/config/published.ts';
import { loadConfig } from '../../../src/config.ts';
import { CountersignError } from '../../../src/domain/errors.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(text: string): Promise<string> {
  const file = join(folder, 'countersign.yaml');
  await writeFile(file, text);
  return file;
}

async function faults(text: string, env = {}): Promise<readonly string[]> {
  const thrown: unknown = await loadConfig(await written(text), env).catch((error: unknown) => error);
  if (!(thrown instanceof CountersignError)) throw new Error('the configuration was taken');
  expect(thrown.code).toBe('Invalid');
  return thrown.data.faults as readonly string[];
}

test('without a file everything has its default, and nothing is looked for in the working directory', async () => {
  const { config, file } = await loadConfig(undefined, {});
  expect(file).toBeUndefined();
  expect(config).toMatchObject({
    clusters: {},
    people: [],
    approvals: { local: 'off' },
    tools: { prefix: '' },
    limits: { callsPerSecond: 10, inFlight: 30, inputBytes: 1_000_000, recordedBytes: 100_000_000 },
    waits: { withProgress: 230, withoutProgress: 50 },
  });
  expect(config.isolation).toBeUndefined();
});

test('COUNTERSIGN_CONFIG names the file, --config wins', async () => {
  const file = await written('tools: {prefix: k8s_}');
  expect((await loadConfig(undefined, { COUNTERSIGN_CONFIG: file })).config.tools.prefix).toBe('k8s_');
  expect((await loadConfig(file, { COUNTERSIGN_CONFIG: '/nowhere' })).config.tools.prefix).toBe('k8s_');
});

test('a named file that is missing is an error', async () => {
  await expect(loadConfig(join(folder, 'none.yaml'), {})).rejects.toThrow(
    /none\.yaml is not valid: the file cannot be read \(ENOENT/,
  );
});

test('paths are against the folder of the file, ~ is the home', async () => {
  const { config } = await loadConfig(
    await written(
      'clusters: {prod: {kubeconfig: kube/config, context: prod}}\npolicy: {folder: ~/rules}\nstate: {directory: state}',
    ),
    {},
  );
  expect(config.clusters.prod).toMatchObject({ kubeconfig: join(folder, 'kube/config'), context: 'prod' });
  expect(config.policy?.folder).toMatch(/^\/.*\/rules$/);
  expect(config.state?.directory).toBe(join(folder, 'state'));
});

test.each([
  ['an unknown key with a near one', 'cluster: {}', ['unknown key "cluster"; did you mean "clusters"?']],
  ['an unknown key deeper', 'tools: {prefx: a}', ['tools: unknown key "prefx"']],
  ['a value of the wrong type', 'limits: {inFlight: many}', ['limits.inFlight: expected number, received string']],
  [
    'a missing part of the variant that was meant',
    'clusters: {prod: {kubeconfig: a}}',
    ['clusters.prod.context: is required'],
  ],
  [
    'a default that is no cluster',
    'clusters: {a: {inCluster: true}, b: {inCluster: true}}\ndefaultContext: c',
    [expect.stringMatching(/^defaultContext: must be the name/)],
  ],
  ['isolation in other words', 'isolation: "yes"', [expect.stringMatching(/^isolation: .*accept-same-user/)]],
  ['a duplicate key', 'limits: {}\nlimits: {}', [expect.stringMatching(/unique/)]],
  ['broken YAML', 'limits: [', [expect.stringMatching(/line 1/)]],
  ['a list', '- a', [expect.stringMatching(/expected object/)]],
  [
    'a secret as a value',
    'clusters: {s: {sandbox: {url: "http://127.0.0.1:1", token: hunter2}}}',
    ['clusters.s.sandbox.token: a secret is never a value here: give env:NAME or file:PATH'],
  ],
  [
    'a reference to nothing',
    'clusters: {s: {sandbox: {url: "http://127.0.0.1:1", token: "env:NOT_SET"}}}',
    ['clusters.s.sandbox.token: env:NOT_SET is empty or not there'],
  ],
])('%s is told with its path', async (_what, text, expected) => {
  expect(await faults(text)).toEqual(expected);
});

test('all faults are told at once', async () => {
  expect(await faults('limits: {inFlight: 0}\nwaits: {withProgress: -1}\nfoo: 1')).toHaveLength(3);
});

test('references become the secrets that they name', async () => {
  await writeFile(join(folder, 'token'), 'from-file\n');
  const text = (token: string): string => `clusters: {s: {sandbox: {url: "http://127.0.0.1:1", token: "${token}"}}}`;
  const fromFile = await loadConfig(await written(text('file:token')), {});
  expect(fromFile.config.clusters.s).toMatchObject({ sandbox: { token: 'from-file' } });
  const fromEnv = await loadConfig(await written(text('env:TOKEN')), { TOKEN: 'from-env' });
  expect(fromEnv.config.clusters.s).toMatchObject({ sandbox: { token: 'from-env' } });
});

test('docs/countersign.schema.json is the schema in force (write it anew with `vitest run -u`)', async () => {
  await expect(`${JSON.stringify(publishedSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../../docs/countersign.schema.json',
  );
});
