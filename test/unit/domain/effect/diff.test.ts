import { describe, expect, it } from 'vitest';
import { changes, type DiffInput } from '../../../../src/domain/effect/diff.ts';
import type { Json, JsonObject } from '../../../../src/domain/json.ts';
import { applied, deployment, webSpec, withManagers } from './objects.ts';

const diff = (input: Partial<DiffInput> & { dryRunA: JsonObject }) =>
  changes({ live: undefined, dryRunB: input.dryRunA, body: {}, sensitive: [], ...input });
const lines = (found: { changes: readonly { path: string; from: Json | undefined; to: Json | undefined }[] }) =>
  found.changes.map(({ path, from, to }) => `${path}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`);

describe('changes of an update', () => {
  it('is one line for a one-line image change, whatever the server writes besides', () => {
    const dryRunA: JsonObject = {
      ...applied('web:1.4.2'),
      metadata: { ...(applied().metadata as JsonObject), generation: 4, resourceVersion: '8', creationTimestamp: 'x' },
      status: { replicas: 3 },
    };
    const found = diff({ live: applied(), dryRunA, body: deployment(webSpec('web:1.4.2')) });
    expect(found).toEqual({
      changes: [
        { path: 'spec.template.spec.containers[web].image', from: 'web:1.4.1', to: 'web:1.4.2', hidden: false },
      ],
      varies: [],
      allocated: [],
    });
  });

  it('matches containers by name when one is put before another', () => {
    const spec = (...names: string[]) => ({
      template: { spec: { containers: names.map((name) => ({ name, image: name })) } },
    });
    const found = diff({ live: deployment(spec('web', 'log')), dryRunA: deployment(spec('proxy', 'log', 'web')) });
    expect(lines(found)).toEqual([
      'spec.template.spec.containers[proxy].image: undefined -> "proxy"',
      'spec.template.spec.containers[proxy].name: undefined -> "proxy"',
    ]);
  });

  it('says so when init containers or variables change places, for then it matters', () => {
    const spec = (...names: string[]) => ({ initContainers: names.map((name) => ({ name })) });
    const found = diff({
      live: deployment(spec('migrate', 'seed')),
      dryRunA: deployment(spec('seed', 'new', 'migrate')),
    });
    expect(lines(found)).toEqual([
      'spec.initContainers: ["migrate","seed"] -> ["seed","migrate"]',
      'spec.initContainers[new].name: undefined -> "new"',
    ]);
  });

  it('compares atomic lists by index, sets by value, and keyed lists of CRDs by the keys that managedFields tell', () => {
    const object = (args: Json, finalizers: Json, parts: Json): JsonObject =>
      withManagers(deployment({ args, parts }, { finalizers }), {
        manager: 'm',
        operation: 'Apply',
        fieldsV1: { 'f:spec': { 'f:parts': { 'k:{"zone":"a"}': { '.': {}, 'f:zone': {} } } } },
      });
    const live = object(
      ['a', 'b'],
      ['x', 'y'],
      [
        { zone: 'a', size: 1 },
        { zone: 'b', size: 2 },
      ],
    );
    const dryRunA = object(
      ['b'],
      ['y', 'z'],
      [
        { zone: 'b', size: 2 },
        { zone: 'a', size: 3 },
      ],
    );
    expect(lines(diff({ live, dryRunA }))).toEqual([
      'metadata.finalizers[=x]: "x" -> undefined',
      'metadata.finalizers[=z]: undefined -> "z"',
      'spec.args[0]: "a" -> "b"',
      'spec.args[1]: "b" -> undefined',
      'spec.parts[a].size: 1 -> 3',
    ]);
  });

  it('falls back to the index where keys do not tell elements apart', () => {
    const spec = (value: string) => ({
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value },
      ],
    });
    const found = diff({ live: deployment(spec('2')), dryRunA: deployment(spec('3')) });
    expect(lines(found)).toEqual(['spec.env[1].value: "2" -> "3"']);
  });

  it('keeps what a scaler writes between the dry-runs out of the changes, and in varies', () => {
    const at = (replicas: number) => deployment(webSpec('web:2', replicas));
    const found = diff({ live: at(3), dryRunA: at(3), dryRunB: at(5), body: deployment({ paused: true }) });
    expect(lines(found)).toEqual(['spec.paused: undefined -> true']);
    expect(found.varies).toEqual(['spec.replicas']);
  });

  it('shows the submitted value of a field that varies though the body says it', () => {
    const at = (image: string) => deployment({ image });
    const found = diff({ live: at('a'), dryRunA: at('b-1'), dryRunB: at('b-2'), body: at('b') });
    expect(lines(found)).toEqual(['spec.image: "a" -> "b"']);
    expect(found.varies).toEqual(['spec.image']);
  });

  it('keeps a noise path that the body says', () => {
    const job = (uid: string): JsonObject => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j', labels: { 'controller-uid': uid, app: uid } },
      spec: { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } } },
    });
    const input = { live: job('1'), dryRunA: job('2') };
    expect(lines(diff(input))).toEqual(['metadata.labels.app: "1" -> "2"']);
    expect(lines(diff({ ...input, body: { metadata: { labels: { 'controller-uid': '2' } } } }))).toEqual([
      'metadata.labels.app: "1" -> "2"',
      'metadata.labels.controller-uid: "1" -> "2"',
    ]);
    const patched = { live: { ...job('1'), status: { a: 1, b: 1 } }, dryRunA: { ...job('1'), status: { a: 2, b: 2 } } };
    expect(lines(diff({ ...patched, body: { status: { a: 2 } } }))).toEqual(['status.a: 1 -> 2']);
  });

  it('says what goes, with all that is below', () => {
    const found = diff({
      live: deployment({ a: { b: 1, c: ['x'] }, keep: 1 }),
      dryRunA: deployment({ keep: 1 }),
    });
    expect(lines(found)).toEqual(['spec.a.b: 1 -> undefined', 'spec.a.c[0]: "x" -> undefined']);
  });

  it('says what goes though the body names it: the server would drop it', () => {
    const found = diff({ live: deployment({ a: 1 }), dryRunA: deployment({}), body: deployment({ a: 1 }) });
    expect(lines(found)).toEqual(['spec.a: 1 -> undefined']);
  });

  it('tells an empty map that comes or goes, and a value that changes its type', () => {
    const live = deployment({ empty: {}, value: 1 });
    const dryRunA = deployment({ scratch: {}, value: { a: 1 } });
    expect(lines(diff({ live, dryRunA }))).toEqual([
      'spec.empty: {} -> undefined',
      'spec.scratch: undefined -> {}',
      'spec.value: 1 -> {"a":1}',
    ]);
  });
});

describe('hidden changes', () => {
  it('are marked at and below a sensitive path, by key though the mask said the index', () => {
    const object = (value: string) => deployment({ containers: [{ name: 'web', env: [{ name: 'T', value }] }] });
    const sensitive = [['spec', 'containers', { index: 0 }, 'env', { key: { name: 'T' } }, 'value']];
    const found = diff({ live: object('t1'), dryRunA: object('t2'), sensitive });
    expect(found.changes).toEqual([{ path: 'spec.containers[web].env[T].value', from: 't1', to: 't2', hidden: true }]);
    const below = diff({
      live: deployment({ s: { a: 1 } }),
      dryRunA: deployment({ s: { a: 2 } }),
      sensitive: [['spec', 's']],
    });
    expect(below.changes).toMatchObject([{ path: 'spec.s.a', hidden: true }]);
  });

  it('shows stringData as the data that it becomes', () => {
    const secret = (members: JsonObject): JsonObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      ...members,
    });
    const found = diff({
      dryRunA: secret({ data: { p: 'token' } }),
      body: secret({ stringData: { p: 'token' } }),
      sensitive: [
        ['data', 'p'],
        ['stringData', 'p'],
      ],
    });
    expect(found.changes.filter(({ hidden }) => hidden)).toEqual([
      { path: 'data.p', from: undefined, to: 'token', hidden: true },
    ]);
    expect(lines(found).some((line) => line.startsWith('stringData'))).toBe(false);
  });
});

describe('a guess at a hidden value', () => {
  const secret = (p: string): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data: { p },
  });
  const sensitive = [['data', 'p']];
  const paths = (input: Parameters<typeof diff>[0]) => diff({ sensitive, ...input }).changes.map(({ path }) => path);

  it('is named among the changes whether it is right or wrong, as data and as stringData', () => {
    const live = secret('token-a');
    const stringData = { apiVersion: 'v1', kind: 'Secret', stringData: { p: 'x' } };
    for (const guess of ['token-a', 'token-b']) {
      expect(paths({ live, dryRunA: secret(guess), body: secret(guess) })).toEqual(['data.p']);
      expect(paths({ live, dryRunA: secret(guess), body: stringData })).toEqual(['data.p']);
    }
  });

  it('is not what was carried forward or not said at all', () => {
    const live = secret('token-a');
    expect(paths({ live, dryRunA: live, body: secret('token-a'), stays: ['data.p'] })).toEqual([]);
    expect(paths({ live, dryRunA: live })).toEqual([]);
  });
});

describe('changes of a create', () => {
  const service = (spec: JsonObject): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec,
  });

  it('has the body, the defaults that both dry-runs agree on, and no noise', () => {
    const dry = (image: string, tag: string) =>
      deployment({ ...webSpec(image), extra: tag }, { uid: tag, creationTimestamp: tag });
    const found = diff({ dryRunA: dry('web:1', 'a'), dryRunB: dry('web:1', 'b'), body: deployment({ replicas: 3 }) });
    expect(lines(found)).toContain('spec.replicas: undefined -> 3');
    expect(lines(found)).toContain('spec.template.spec.containers[web].image: undefined -> "web:1"');
    expect(found.varies).toEqual(['spec.extra']);
    expect(lines(found).join()).not.toMatch(/uid|creationTimestamp|extra/);
  });

  it('has what the body says even where the dry-run does not show it', () => {
    const found = diff({
      dryRunA: deployment({}),
      body: deployment({ gated: { on: true }, nothing: null, empty: {} }),
    });
    expect(lines(found)).toContain('spec.gated.on: undefined -> true');
    expect(lines(found).join()).not.toMatch(/nothing|empty/);
  });

  it('does not show the sentinels of a Service as values', () => {
    const dryRunA = service({
      type: 'NodePort',
      clusterIP: '10.0.0.0',
      clusterIPs: ['10.0.0.0'],
      ports: [{ port: 80, protocol: 'TCP', nodePort: 32769 }],
    });
    const body = service({ type: 'NodePort', ports: [{ port: 80 }] });
    const found = diff({ dryRunA, body });
    expect(found.allocated).toEqual(['spec.clusterIP', 'spec.clusterIPs', 'spec.ports[80,TCP].nodePort']);
    expect(lines(found).join()).not.toMatch(/10\.0\.0\.0|32769/);
    expect(lines(found)).toContain('spec.ports[80,TCP].port: undefined -> 80');
  });

  it('allocates node ports when the type changes, and nothing that the body says or that is None', () => {
    const before = service({ type: 'ClusterIP', clusterIP: '10.1.1.1', ports: [{ port: 80, protocol: 'TCP' }] });
    const opened = (nodePort: number) =>
      service({ type: 'NodePort', clusterIP: '10.1.1.1', ports: [{ port: 80, protocol: 'TCP', nodePort }] });
    expect(diff({ live: before, dryRunA: opened(32769) }).allocated).toEqual(['spec.ports[80,TCP].nodePort']);
    const said = diff({
      live: before,
      dryRunA: opened(31000),
      body: service({ ports: [{ port: 80, nodePort: 31000 }] }),
    });
    expect(said.allocated).toEqual([]);
    expect(lines(said)).toContain('spec.ports[80,TCP].nodePort: undefined -> 31000');
    const headless = service({ clusterIP: 'None', clusterIPs: ['None'] });
    expect(diff({ dryRunA: headless, body: service({ clusterIP: 'None' }) }).allocated).toEqual([]);
  });

  it('drops the generated token volume of a Pod, but not one that the body calls like it', () => {
    const pod = (name: string): JsonObject => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: {
        volumes: [{ name, projected: { mode: 1 } }],
        containers: [{ name: 'c', volumeMounts: [{ name, mountPath: '/var/run/secrets/x' }] }],
      },
    });
    const found = diff({ dryRunA: pod('kube-api-access-abc12'), dryRunB: pod('kube-api-access-xyz34') });
    expect(lines(found).join()).not.toContain('kube-api-access');
    expect(found.varies).toEqual([]);
    const named = diff({ dryRunA: pod('kube-api-access-abc12'), body: pod('kube-api-access-abc12') });
    expect(lines(named)).toContain('spec.volumes[kube-api-access-abc12].projected.mode: undefined -> 1');
  });
});
