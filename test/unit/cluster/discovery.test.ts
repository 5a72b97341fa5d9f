import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCluster } from '../../../src/cluster/open.ts';
import { context, execution, FakeServer, get, json, list, mint, type } from './fake-server.ts';

const resource = (plural: string, kind: string, more: object = {}) => ({
  resource: plural,
  responseKind: { group: '', version: '', kind },
  scope: 'Namespaced',
  singularResource: kind.toLowerCase(),
  verbs: ['get', 'list', 'patch'],
  ...more,
});
const group = (name: string, versions: Record<string, object[]>) => ({
  metadata: { name },
  versions: Object.entries(versions).map(([version, resources]) => ({ version, resources })),
});
const document = (...items: object[]) => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  items,
});

const core = document(
  group('', { v1: [resource('events', 'Event', { shortNames: ['ev'] }), resource('pods', 'Pod')] }),
);
const builtIn = [
  group('apps', { v1: [resource('deployments', 'Deployment', { shortNames: ['deploy'] })] }),
  group('events.k8s.io', { v1: [resource('events', 'Event', { shortNames: ['ev'] })] }),
  group('autoscaling', {
    v2: [resource('horizontalpodautoscalers', 'HorizontalPodAutoscaler', { shortNames: ['hpa'] })],
    v1: [resource('horizontalpodautoscalers', 'HorizontalPodAutoscaler', { shortNames: ['hpa'] })],
  }),
];
const others = [
  group('one.example', {
    v1: [resource('gateways', 'Gateway'), resource('deployments', 'Deployment', { shortNames: ['deploy'] })],
  }),
  group('two.example', { v1: [resource('gateways', 'Gateway')] }),
  group('metrics.k8s.io', { v1beta1: [resource('pods', 'PodMetrics')] }),
];
const crds = { kind: 'PartialObjectMetadataList', items: [{ metadata: { name: 'gateways.one.example' } }] };

describe('discovery', () => {
  const server = new FakeServer();
  let now = 1_000_000;
  let groups: object[];
  let crdStatus: number;
  const open = () =>
    openCluster({
      name: 'unit',
      config: { sandbox: { url: server.url, token: 't' } },
      redeem: mint.redeem,
      clock: { now: () => now },
    });
  let cluster: ReturnType<typeof open>;

  beforeEach(async () => {
    await server.start();
    server.seen.length = 0;
    groups = [...builtIn, ...others];
    crdStatus = 200;
    server.reply = ({ url }, response) => {
      if (url === '/api') json(response, 200, core);
      else if (url === '/apis') json(response, 200, document(...groups));
      else if (url.includes('customresourcedefinitions'))
        json(response, crdStatus, crdStatus === 200 ? crds : { kind: 'Status' });
      else response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
    };
    cluster = open();
  });
  afterEach(async () => {
    await cluster.close();
    await server.stop();
  });

  it('prefers core, then what the server itself serves', async () => {
    const planning = cluster.planning(context());
    expect((await planning.resolve('events')).group).toBe('');
    expect((await planning.resolve('ev')).group).toBe('');
    expect((await planning.resolve('events.events.k8s.io')).group).toBe('events.k8s.io');
    expect((await planning.resolve('deploy')).group).toBe('apps');
    expect((await planning.resolve('deployments.one.example')).group).toBe('one.example');
    expect((await planning.resolve('pods')).kind).toBe('Pod');
    expect((await planning.resolve('hpa')).version).toBe('v2');
    expect((await planning.resolve('hpa.v1.autoscaling')).version).toBe('v1');
  });

  it('asks back where a name is ambiguous', async () => {
    const error = await cluster
      .planning(context())
      .resolve('gateway')
      .catch((thrown) => thrown);
    expect(error).toMatchObject({
      code: 'Invalid',
      message: '"gateway" is ambiguous in this cluster: gateways.one.example, gateways.two.example',
    });
  });

  it('knows who serves what', async () => {
    const planning = cluster.planning(context());
    expect((await planning.resolve('deploy')).servedBy).toBe('built-in');
    expect((await planning.resolve('gateways.one.example')).servedBy).toBe('crd');
    expect((await planning.resolve('pods.metrics.k8s.io')).servedBy).toBe('aggregated');
  });

  it('trusts no dry run where the CRDs may not be read', async () => {
    crdStatus = 403;
    expect((await cluster.planning(context()).resolve('gateways.one.example')).servedBy).toBe('aggregated');
  });

  it('takes two requests, shared by all that ask at once, and none after that for ten minutes', async () => {
    groups = builtIn;
    const planning = cluster.planning(context());
    await Promise.all([planning.resolve('pods'), planning.resolve('deploy'), cluster.planning(context()).types()]);
    expect(server.seen.map((each) => each.url).sort()).toEqual(['/api', '/apis']);
    now += 599_000;
    await planning.resolve('pods');
    expect(server.seen).toHaveLength(2);
    now += 1_000;
    await planning.resolve('pods');
    expect(server.seen).toHaveLength(4);
  });

  it('looks again for a kind that is not there, because it may be new', async () => {
    groups = builtIn;
    const planning = cluster.planning(context());
    await planning.resolve('pods');
    groups = [...builtIn, ...others];
    now += 1_000;
    expect((await planning.resolve('gateways.two.example')).group).toBe('two.example');
    const before = server.seen.length;
    await expect(planning.resolve('nonsense')).rejects.toMatchObject({ code: 'Invalid' });
    expect(server.seen.length).toBe(before);
  });

  it('forgets what it knew on a 404 that is no Status, and reads once more', async () => {
    const planning = cluster.planning(context());
    await planning.resolve('pods');
    server.seen.length = 0;
    const error = await execution(cluster, [get])
      .send(get)
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'NotFound' });
    expect(server.seen).toHaveLength(2);
    await planning.resolve('pods');
    expect(server.seen.map((each) => each.url)).toContain('/apis');
  });

  it('says that an old server is too old', async () => {
    server.reply = (_, response) => json(response, 200, { kind: 'APIVersions', versions: ['v1'] });
    await expect(cluster.planning(context()).resolve('pods')).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it('does not dry-run what another server serves', async () => {
    const metrics = type({ group: 'metrics.k8s.io', resource: 'pods', kind: 'PodMetrics', servedBy: 'aggregated' });
    const object = { type: metrics, namespace: 'shop', name: 'x' };
    const body = { apiVersion: 'metrics.k8s.io/v1', kind: 'PodMetrics', metadata: { name: 'x' } };
    const apply = { action: 'apply', mode: 'create', object, body, forceConflicts: false } as const;
    await expect(cluster.planning(context()).dryRunApply(apply)).rejects.toMatchObject({ code: 'Internal' });
    expect(server.seen).toEqual([]);
  });

  it('goes on with the token of an expired list, and says so', async () => {
    server.reply = ({ url }, response) => {
      if (!url.includes('continue=old')) return json(response, 200, { kind: 'ConfigMapList', metadata: {}, items: [] });
      json(response, 410, { kind: 'Status', reason: 'Expired', metadata: { continue: 'newer' }, code: 410 });
    };
    const request = { ...list, continue: 'old' };
    const { warnings } = await execution(cluster, [request]).send(request);
    expect(warnings[0]).toContain('the list changed between two pages');
    expect(server.seen.map((each) => new URL(each.url, server.url).searchParams.get('continue'))).toEqual([
      'old',
      'newer',
    ]);
  });
});
