import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../../src/cli/entry.ts';
import { factsTable } from '../../../src/policy/facts-table.ts';
import { publishedCasesSchema, publishedPolicySchema } from '../../../src/policy/published.ts';
import { run } from './harness.ts';

const policies = join(import.meta.dirname, '../../../policies');
const strict = join(policies, 'strict');
let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'policy-cli-'));
  env = { COUNTERSIGN_STATE: join(folder, 'state'), COUNTERSIGN_LOG: 'error' };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const scale = JSON.stringify({ resource: 'deploy', name: 'web', namespace: 'shop', replicas: 9 });

describe('policy test', () => {
  it('runs the cases for people, for programs and for CI', async () => {
    const junit = join(folder, 'junit.xml');
    const ran = await run(['policy', 'test', strict, '--junit', junit], env);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/ok {4}never\.cases\.yaml:2 {2}a ConfigMap in kube-system\n/);
    expect(ran.out).toMatch(/\d+ of \d+ cases passed, for \d+ rules\n$/);
    expect(await readFile(junit, 'utf8')).toMatch(/<testsuite .*failures="0">\n {2}<testcase classname="mutations/);
    expect(JSON.parse((await run(['policy', 'test', strict, '--json'], env)).out)).toMatchObject({ passed: true });
  });

  it('says what is not as a case expects, and which rule has no case; exit code 1', async () => {
    const dir = await mkdtemp(join(folder, 'bundle-'));
    await writeFile(
      join(dir, 'a.yaml'),
      'rules:\n  - { name: reads, description: Reads flow here., match: { verbs: [get] }, effect: allow }\n',
    );
    await writeFile(
      join(dir, 'a.cases.yaml'),
      'cases:\n  - { name: a delete, catches: [reads], call: delete pods shop/web, expect: allow }\n',
    );
    const ran = await run(['policy', 'test', dir], env);
    expect(ran.code).toBe(1);
    expect(ran.out).toContain('FAIL  a.cases.yaml:2  a delete');
    expect(ran.out).toContain('expected allow, is deny');
    expect(ran.out).toContain('rule reads did not match');
    expect(ran.out).toContain('rule reads has no case that it lets pass');
    const junit = join(folder, 'failed.xml');
    await run(['policy', 'test', dir, '--junit', junit], env);
    expect(await readFile(junit, 'utf8')).toMatch(/failures="2"[\s\S]*<failure message="expected allow, is deny/);
  });

  it('names file and line of what is wrong with a rule; a fact that is not there in a case is wrong too', async () => {
    const dir = await mkdtemp(join(folder, 'bundle-'));
    const rule = 'rules:\n  - name: a\n    description: A rule of a test.\n    effect: deny\n';
    for (const [more, words] of [
      ['    match: { kind: Pod }\n', /a\.yaml:5: rules\.0\.match\.kind: unknown key: a rule names `resources`/],
      [
        '    when:\n      - call.name == "x"\n      - facts.privilegd\n',
        /a\.yaml:7: rule a, when\[1\] `facts.privilegd`: No such key/,
      ],
    ] as const) {
      await writeFile(join(dir, 'a.yaml'), `${rule}${more}`);
      const ran = await run(['policy', 'test', dir], env);
      expect([ran.code, ran.err]).toEqual([1, expect.stringMatching(words)]);
    }
    await writeFile(join(dir, 'a.yaml'), rule);
    await writeFile(
      join(dir, 'a.cases.yaml'),
      'cases:\n  - name: one\n    call: get pods shop/web\n    facts: { privilegd: true }\n    expect: deny\n',
    );
    expect((await run(['policy', 'test', dir], env)).err).toMatch(
      /a\.cases\.yaml:4: cases\.0\.facts\.privilegd: unknown key/,
    );
  });
});

describe('policy explain and diff', () => {
  it('try a call out, find it again in the log, and decide it by two bundles', async () => {
    const tried = await run(
      ['policy', 'explain', '--sandbox', '--policy', strict, '--tool', 'scale', '--input', scale],
      env,
    );
    expect(tried).toMatchObject({ code: 0, err: '' });
    expect(tried.out).toMatch(
      /^review by rule changes-wait: .*\nneeds: 1 anybody\n\npatch deployments\.apps\/scale shop web\n/,
    );
    expect(tried.out).toMatch(/no {7}deny {4}no-privileged-pods\n {13}false {4}facts\.privileged \|\|/);
    expect(tried.out).toContain('facts.replicas: {"changed":true,"from":3,"percent":200,"to":9,"toZero":false}');

    const [line] = (await run(['audit', 'tail', '--type', 'Planned', '--json'], env)).out.trim().split('\n');
    const { invocation } = JSON.parse(line ?? '{}');
    const again = await run(
      ['policy', 'explain', invocation.slice(-8), '--policy', join(policies, 'relaxed'), '--json'],
      env,
    );
    expect(JSON.parse(again.out)).toMatchObject({ decision: { verdict: 'allow', rule: 'development-scale-ups-flow' } });

    const diff = await run(['policy', 'diff', strict, join(policies, 'relaxed')], env);
    expect(diff.code).toBe(1);
    expect(diff.out).toContain('review by 1 anybody (changes-wait)  ->  allow (development-scale-ups-flow)');
    expect(diff.out).toMatch(/1 of 1 recorded calls come out otherwise\n$/);
    expect(await run(['policy', 'diff', strict, strict], env)).toMatchObject({ code: 0 });
  });

  it('of a call without a plan say what is known; wrong use is 2, a call that is not there 1', async () => {
    const read = await run(['policy', 'explain', '--sandbox', '--tool', 'get', '--input', '{"resource":"pods"}'], env);
    expect(read).toMatchObject({ code: 0 });
    expect(await run(['policy', 'explain'], env)).toMatchObject({ code: 2 });
    expect(await run(['policy', 'explain', 'NOWHERE'], env)).toMatchObject({ code: 1 });
    expect(await run(['policy', 'explain', '--sandbox', '--tool', 'get', '--input', '['], env)).toMatchObject({
      code: 1,
    });
    expect((await run(['policy', 'explain', '--help'], env)).code).toBe(0);
  });
});

describe('policy lint', () => {
  it('finds what is hardly meant', async () => {
    const dir = await mkdtemp(join(folder, 'bundle-'));
    const rule = (name: string, rest: string): string =>
      `  - { name: ${name}, description: A rule of a test., ${rest} }\n`;
    await writeFile(
      join(dir, 'a.yaml'),
      `rules:\n${[
        rule('reads', 'effect: allow, match: { verbs: [get, list], namespaces: [shop] }'),
        rule('never', 'effect: deny, match: { verbs: ["*"], resources: ["*.apps"] }'),
        rule('shadowed', 'effect: allow, match: { verbs: [patch], resources: [deployments.apps], namespaces: [shop] }'),
        rule('nowhere', 'effect: deny, match: { clusterScoped: true, namespaces: [shop] }'),
        rule('toolless', 'effect: deny, match: { tools: [get], verbs: [delete] }'),
        rule('unknown-tool', 'effect: deny, match: { tools: [kubectl] }'),
        rule('both', `effect: deny, when: ['call.name == "a"', 'call.name == "b"']`),
        rule('constant', 'effect: deny, when: ["1 > 2"]'),
      ].join('')}`,
    );
    const ran = await run(['policy', 'lint', dir, '--namespaces', 'shop,other', '--json'], env);
    expect(ran.code).toBe(1);
    const found = JSON.parse(ran.out).findings.map(
      ({ rule: name, message }: { rule?: string; message: string }) => `${name}: ${message}`,
    );
    expect(found).toEqual([
      'both: it can never match: call.name cannot be two things at once',
      'constant: it can never match: `1 > 2` is not true of any call',
      'nowhere: it can never match: what is in a namespace is not cluster-scoped',
      'toolless: it can never match: none of its tools sends any of its verbs',
      expect.stringMatching(/^unknown-tool: there is no tool kubectl/),
      'shadowed: it never decides: rule never (deny) is about all of its calls',
      expect.stringMatching(/no rule allows or holds anything in namespace other/),
    ]);
  });

  it.each(['strict', 'relaxed', 'sandbox'])('finds nothing in the shipped bundle %s', async (name) => {
    expect(await run(['policy', 'lint', join(policies, name)], env)).toMatchObject({ code: 0 });
  });
});

it('an agent reads the rules that concern it', async () => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const answers: { id?: number; result?: { [key: string]: unknown } }[] = [];
  stdout.on('data', (chunk: Buffer) => {
    for (const text of chunk.toString('utf8').trim().split('\n')) answers.push(JSON.parse(text));
  });
  const ask = (id: number, method: string, params: object) =>
    stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  const answer = (id: number) => expect.poll(() => answers.find((each) => each.id === id)?.result, { timeout: 10_000 });
  const served = runCli(['serve', '--sandbox'], {
    stdin,
    stdout,
    stderr: new PassThrough(),
    env,
    signal: new AbortController().signal,
  });
  ask(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } });
  await answer(1).toMatchObject({ capabilities: { resources: {} } });
  stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  ask(2, 'resources/list', {});
  await answer(2).toMatchObject({ resources: [{ uri: 'countersign://policy' }] });
  ask(3, 'resources/read', { uri: 'countersign://policy' });
  await answer(3).toMatchObject({
    contents: [
      {
        text: expect.stringMatching(
          /Never[\s\S]*no-system-namespaces: [\s\S]*Waits for people:\n- changes-wait: .*Needs 1 person\.[\s\S]*Flows without asking:\n- reads-flow/,
        ),
      },
    ],
  });
  stdin.end();
  expect(await served).toBe(0);
});

describe('what is published is in force (write it anew with `vitest run -u`)', () => {
  it('docs/policy.schema.json and docs/policy.cases.schema.json', async () => {
    const docs = '../../../docs';
    await expect(`${JSON.stringify(publishedPolicySchema(), null, 2)}\n`).toMatchFileSnapshot(
      `${docs}/policy.schema.json`,
    );
    await expect(`${JSON.stringify(publishedCasesSchema(), null, 2)}\n`).toMatchFileSnapshot(
      `${docs}/policy.cases.schema.json`,
    );
  });
  it('docs/facts.md, the table of facts', async () => {
    await expect(factsTable()).toMatchFileSnapshot('../../../docs/facts.md');
  });
});
