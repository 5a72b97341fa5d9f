import { describe, expect, it } from 'vitest';
import { stdinDigest } from '../../../../src/domain/digest.ts';
import { withoutKeys } from '../../../../src/domain/facts/changed-fields.ts';
import { fits } from '../../../../src/domain/facts/check.ts';
import { deriveFacts } from '../../../../src/domain/facts/derive.ts';
import { factsAbout } from '../../../../src/domain/facts/facts.ts';
import { caps } from '../../../../src/domain/facts/inspectable.ts';
import type { Seen } from '../../../../src/domain/facts/seen.ts';
import { callFactSpecs, factSpecs, objectFactSpecs } from '../../../../src/domain/facts/spec.ts';
import type { JsonObject } from '../../../../src/domain/json.ts';
import { formatPath } from '../../../../src/domain/path.ts';
import {
  applied,
  change,
  deleted,
  deployment,
  execed,
  factsOf,
  got,
  listed,
  ref,
  scaled,
  type,
  types,
} from './seen.ts';

const web = ref(types.deployments);
const pod = { containers: [{ name: 'web', image: 'web:1' }] };
const environment = 'countersign.dev/environment';
const call = (...seen: Seen[]) => deriveFacts({ seen, namespaceLabels: { shop: {} } });

describe('the specifications', () => {
  it('name every fact once, and each has an empty value of its type', () => {
    expect(new Set(factSpecs.map(({ name }) => name)).size).toBe(factSpecs.length);
    for (const { name, type: of, empty, meaning } of factSpecs) {
      expect(fits(of, empty), name).toBe(true);
      expect(meaning, name).toMatch(/[.;]/);
    }
  });

  const every: readonly [string, Seen][] = [
    ['a get', got(web)],
    ['a list', listed(types.pods)],
    ['a create', applied(web, { body: deployment(pod, 3) })],
    ['an update of unknown effect', applied(web, { body: {}, before: {} }, { unknown: 'x' })],
    ['a delete', deleted(web, { deletesWith: [{ resourceGroup: 'pods', count: 2 }] })],
    ['a scale', scaled(web, 1, 2)],
    ['an exec', execed(['sh'])],
    ['a mutation without an effect', { ...scaled(web, 1, 2), effect: undefined }],
  ];
  it.each(every)('are what %s derives: each fact, of its type, or absent where that can be', (_, seen) => {
    const facts = call(seen);
    const [object = {}] = facts.objects;
    expect(Object.keys(object).sort()).toEqual(objectFactSpecs.map(({ name }) => name).sort());
    expect(Object.keys(facts.call).sort()).toEqual(callFactSpecs.map(({ name }) => name).sort());
    for (const { name, type: of, absentWhen } of factSpecs) {
      const value: unknown = { ...facts.call, ...object }[name as keyof object];
      expect(value === undefined ? absentWhen !== '' : fits(of, value), name).toBe(true);
    }
  });

  it('have their empty values for what a read does not do', () => {
    const facts: JsonObject = JSON.parse(JSON.stringify(factsAbout(call(got(ref(types.configMaps, 'c'))), 0)));
    const said = ['verb', 'resource', 'namespace', 'name', 'namespaceLabels', 'environment', 'action', 'objectCount'];
    for (const { name, empty } of factSpecs) {
      if (['labels', 'ownedBy'].includes(name)) expect(facts[name], name).toBeUndefined();
      else if (!said.includes(name)) expect(facts[name], name).toEqual(empty);
    }
  });
});

it('stands object by object in the order of the requests', () => {
  const facts = call(scaled(web, 3, 30), applied(ref(types.configMaps, 'c'), { body: {} }), scaled(web, 3, 4));
  expect(facts.objects.map(({ replicas, resource }) => [resource, replicas?.to])).toEqual([
    ['deployments.apps', 30],
    ['configmaps', 0],
    ['deployments.apps', 4],
  ]);
  expect(facts.call.objectCount).toBe(2);
  expect(factsAbout(facts, 1)).toMatchObject({ objectCount: 2, name: 'c' });
  expect(factsAbout(facts, 3)).not.toHaveProperty('verb');
});

describe('the namespace', () => {
  it.each([
    ['its label', { [environment]: 'development' }, 'development'],
    ['production without one', { team: 'a' }, 'production'],
    ['production where it is not there yet', {}, 'production'],
    ['no name of the prototype', {}, 'production'],
  ])('has as environment %s', (_, labels, expected) => {
    expect(factsOf(scaled(web, 1, 2), { shop: labels })).toMatchObject({
      environment: expected,
      namespaceLabels: labels,
    });
  });

  it('has none where its labels could not be read, nor where a list goes over all', () => {
    const absent = { environment: undefined, namespaceLabels: undefined };
    expect(deriveFacts({ seen: [scaled(web, 1, 2)], namespaceLabels: undefined }).objects[0]).toMatchObject(absent);
    expect(factsOf(scaled(web, 1, 2), {})).toMatchObject(absent);
    expect(factsOf(scaled(ref(types.deployments, 'web', 'toString'), 1, 2), {})).toMatchObject(absent);
    expect(factsOf(listed(types.pods), { shop: {} })).toMatchObject(absent);
    expect(factsOf(applied(ref(types.nodes), { body: {} }), undefined)).toMatchObject({
      environment: '',
      namespaceLabels: {},
    });
  });

  it('counts as production where the call changes its label', () => {
    const namespace = (value: string) => ({ metadata: { labels: { [environment]: value } } });
    const environmentOf = (from: string | undefined, to: string) => {
      const objects = { body: namespace(to), ...(from === undefined ? {} : { before: namespace(from) }) };
      const now = from === undefined ? {} : { [environment]: from };
      return factsOf(applied(ref(types.namespaces, 'shop'), objects), { shop: now }).environment;
    };
    expect(environmentOf('production', 'development')).toBe('production');
    expect(environmentOf('development', 'production')).toBe('production');
    expect(environmentOf('development', 'development')).toBe('development');
    expect(environmentOf(undefined, 'development')).toBe('development');
  });
});

describe('the object', () => {
  it('has the labels that it has now, and those it is given where it is new', () => {
    const labelled = (tier: string) => ({ metadata: { labels: { tier } } });
    expect(factsOf(applied(web, { before: labelled('gold'), body: labelled('none') })).labels).toEqual({
      tier: 'gold',
    });
    expect(factsOf(applied(web, { body: labelled('none') })).labels).toEqual({ tier: 'none' });
    expect(factsOf(deleted(web, {}, labelled('gold'))).labels).toEqual({ tier: 'gold' });
    expect(factsOf(got(web)).labels).toBeUndefined();
  });

  it.each<[string, JsonObject, object]>([
    [
      'a controller',
      { ownerReferences: [{ kind: 'Node' }, { kind: 'ReplicaSet', controller: true }] },
      { controller: 'ReplicaSet', helm: '', gitops: '' },
    ],
    ['Helm', { annotations: { 'meta.helm.sh/release-name': 'shop' } }, { controller: '', helm: 'shop', gitops: '' }],
    [
      'Helm by its label',
      { labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
      { controller: '', helm: 'Helm', gitops: '' },
    ],
    [
      'Argo CD',
      { annotations: { 'argocd.argoproj.io/tracking-id': 'x' } },
      { controller: '', helm: '', gitops: 'argocd' },
    ],
    ['Flux', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'x' } }, { controller: '', helm: '', gitops: 'flux' }],
  ])('says that %s owns it', (_, metadata, expected) => {
    expect(factsOf(deleted(web, {}, { metadata })).ownedBy).toEqual(expected);
  });

  it('is touched by its resource, not by a kind that only looks like it', () => {
    expect(factsOf(got(ref(types.secrets))).touches.secrets).toBe(true);
    expect(factsOf(got(ref(type('secrets', 'Secret', 'example.com')))).touches.secrets).toBe(false);
    const webhooks = type('validatingwebhookconfigurations', 'X', 'admissionregistration.k8s.io', false);
    expect(factsOf(deleted(ref(webhooks))).touches.webhooks).toBe(true);
    expect(
      factsOf(applied(ref(type('networkpolicies', 'NetworkPolicy', 'crd.projectcalico.org')), {})).touches
        .networkPolicies,
    ).toBe(true);
  });
});

describe('replicas', () => {
  it.each([
    [3, 5, { percent: 67, toZero: false, changed: true }],
    [4, 6, { percent: 50, toZero: false, changed: true }],
    [3, 2, { percent: -34, toZero: false, changed: true }],
    [3, 0, { percent: -100, toZero: true, changed: true }],
    [0, 4, { percent: 400, toZero: false, changed: true }],
    [0, 0, { percent: 0, toZero: false, changed: false }],
  ])('go from %i to %i', (from, to, expected) => {
    expect(factsOf(scaled(web, from, to)).replicas).toEqual({ from, to, ...expected });
    const objects = { before: deployment(pod, from), body: deployment(pod), after: deployment(pod, to) };
    expect(factsOf(applied(web, objects)).replicas).toEqual({ from, to, ...expected });
  });

  it('are none of a delete, and absent where nobody knows them', () => {
    expect(factsOf(deleted(web, {}, deployment(pod, 3))).replicas).toMatchObject({
      to: 0,
      toZero: false,
      changed: false,
    });
    expect(factsOf(applied(web, { body: deployment(pod, 3) })).replicas).toMatchObject({ from: 0, to: 3 });
    const unknown = { unknown: 'its namespace is made by the same call' };
    expect(factsOf(applied(web, { body: deployment(pod, 3) }, unknown)).replicas).toMatchObject({ to: 3 });
    expect(factsOf(applied(web, { body: deployment(pod) }, unknown)).replicas).toBeUndefined();
    expect(factsOf({ ...scaled(web, 1, 2), effect: undefined }).replicas).toBeUndefined();
    const removed = { before: { spec: { replicas: 3 } }, body: {}, after: { spec: {} } };
    expect(factsOf(applied(ref(types.gadgets), removed)).replicas).toBeUndefined();
    expect(factsOf(applied(web, { body: { spec: { replicas: 'many' } } })).replicas).toBeUndefined();
  });
});

describe('changed fields', () => {
  it('are paths without list keys, each once, and only what changes', () => {
    const changes = [
      change('spec.template.spec.containers[web].image', 'a', 'b'),
      change('spec.template.spec.containers[db].image', 'a', 'b'),
      change('metadata.labels["a.b/c"]', undefined, 'x'),
      change('spec.replicas', 3, 3),
    ];
    const facts = factsOf(applied(web, { before: {}, body: {} }, { changes, removes: ['spec.paused'] }));
    expect(facts.changedFields).toEqual([
      'metadata.labels["a.b/c"]',
      'spec.paused',
      'spec.template.spec.containers.image',
    ]);
  });

  it('are all of what is deleted, and absent where the effect is not known', () => {
    expect(factsOf(deleted(web)).changedFields).toEqual(['*']);
    expect(factsOf(execed(['ls'])).changedFields).toBeUndefined();
    expect(factsOf(applied(web, { body: {} }, { unknown: 'x' })).changedFields).toBeUndefined();
    expect(factsOf(got(web)).changedFields).toEqual([]);
  });

  it('cannot be forged by the key of a list', () => {
    const path = formatPath(['spec', 'rules', { key: { name: 'x].image[y' } }, 'command']);
    expect(withoutKeys(path)).not.toContain('.image.');
    expect(withoutKeys(formatPath(['spec', { value: 'a].b[c' }]))).not.toContain('.b');
  });
});

describe('a delete', () => {
  it('counts what goes with it, and has no number where one was not counted', () => {
    const counted = [
      { resourceGroup: 'replicasets.apps', count: 1 },
      { resourceGroup: 'pods', count: 3 },
    ];
    expect(factsOf(deleted(web, { deletesWith: counted })).deletedWith).toEqual({
      total: 4,
      resources: [
        { resource: 'pods', count: 3 },
        { resource: 'replicasets.apps', count: 1 },
      ],
    });
    const notCounted = { deletesWith: [{ resourceGroup: 'pods', count: undefined }] };
    expect(factsOf(deleted(web, notCounted)).deletedWith).toBeUndefined();
  });

  it('is an apply that takes the last finalizer', () => {
    const changes = [change('metadata.finalizers[=example.com/x]', 'example.com/x', undefined)];
    const facts = factsOf(applied(web, { before: {}, body: {} }, { action: 'delete', terminating: true, changes }));
    expect(facts).toMatchObject({
      verb: 'patch',
      action: 'delete',
      finalizersRemoved: ['example.com/x'],
      terminating: true,
      changedFields: ['*'],
    });
    expect(facts.deletedWith).toBeUndefined();
  });
});

describe('a program', () => {
  it.each<[readonly string[], string | undefined, boolean]>([
    [['ls', '-l'], undefined, false],
    [['cat', '/bin/sh'], undefined, false],
    [['sh'], undefined, true],
    [['/bin/bash', '-c', 'x'], undefined, true],
    [['env', '-i', 'A=b', 'bash'], undefined, true],
    [['nsenter', '-t', '1', '-m', '/bin/ash'], undefined, true],
    [['busybox', 'ls'], undefined, true],
    [['C:\\Windows\\System32\\cmd.exe', '/c', 'dir'], undefined, true],
    [['python3.11', '-c', 'x'], undefined, true],
    [['python3', '-uc', 'x'], undefined, true],
    [['python3', 'manage.py', 'check'], undefined, false],
    [['python3', 'manage.py'], 'x', true],
    [['node'], undefined, true],
    [['awk', 'BEGIN{}'], undefined, true],
    [['psql', '-c', 'select 1'], undefined, false],
  ])('%j with %j: takes commands as text is %s', (argv, stdin, shell) => {
    const { exec, effectUnknown } = factsOf(execed(argv, stdin));
    expect(exec).toEqual({
      argv,
      container: 'web',
      shell,
      stdin: stdin !== undefined,
      stdinDigest: stdinDigest(stdin),
    });
    expect(effectUnknown).toBe(true);
  });
});

describe('pods affected', () => {
  const imageChange = [change('spec.template.spec.containers[web].image', 'a', 'b')];
  const daemon = ref(types.daemonSets);
  it.each<[string, Seen, number | undefined]>([
    ['a scale', scaled(web, 3, 5), 2],
    ['an exec', execed(['ls']), 1],
    ['a read', got(web), 0],
    [
      'a new image',
      applied(web, { before: deployment(pod, 3), body: deployment(pod, 3) }, { changes: imageChange }),
      3,
    ],
    [
      'a label',
      applied(
        web,
        { before: deployment(pod, 3), body: deployment(pod, 3) },
        { changes: [change('metadata.labels.a', 'a', 'b')] },
      ),
      0,
    ],
    ['nothing', applied(web, { before: deployment(pod, 3), body: deployment(pod, 3) }, { action: 'unchanged' }), 0],
    ['a ConfigMap', applied(ref(types.configMaps), { body: { data: {} } }), 0],
    ['a pod', applied(ref(types.pods), { body: { spec: pod } }), 1],
    ['a deleted Deployment', deleted(web, { deletesWith: [{ resourceGroup: 'pods', count: 3 }] }), 3],
    ['a deleted pod', deleted(ref(types.pods)), 1],
    [
      'a delete that was not counted',
      deleted(web, { deletesWith: [{ resourceGroup: 'pods', count: undefined }] }),
      undefined,
    ],
    ['a new DaemonSet', applied(daemon, { body: deployment(pod) }), undefined],
    [
      'a DaemonSet',
      applied(
        daemon,
        { before: { ...deployment(pod), status: { desiredNumberScheduled: 7 } }, body: deployment(pod) },
        { changes: imageChange },
      ),
      7,
    ],
    [
      'a CronJob',
      applied(ref(types.cronJobs), {
        body: { spec: { jobTemplate: { spec: { parallelism: 2, template: { spec: pod } } } } },
      }),
      2,
    ],
    ['an unknown kind with a template', applied(ref(types.gadgets), { body: { spec: { pod } } }), undefined],
    ['a node', applied(ref(types.nodes), { before: {}, body: {} }), undefined],
  ])('by %s', (_, seen, expected) => {
    expect(call(seen).call.podsAffected).toBe(expected);
    expect(call(seen, scaled(web, 1, 2)).call.podsAffected).toBe(expected === undefined ? undefined : expected + 1);
  });
});

it('says what an apply takes from whom, and what the server warns of', () => {
  const owned = (path: string, manager: string) => ({ path, manager, live: 1, yours: 2, hidden: false });
  const effect = {
    takes: [owned('spec.replicas', 'hpa'), owned('spec.paused', 'hpa')],
    warnings: ['deprecated', 'too'],
  };
  const facts = factsOf(applied(web, { before: {}, body: {} }, effect));
  expect(facts).toMatchObject({ takesFieldsFrom: ['hpa'], warnings: 2, action: 'configure' });
});

describe('uninspectable', () => {
  const long = Array.from({ length: caps.changesPerObject + 1 }, (_, i) => change(`spec.a${i}`, 1, 2));
  it.each<[string, Seen]>([
    ['a name with a character that nobody sees', applied(ref(types.deployments, 'web\u200b'), { body: {} })],
    ['an argument that writes from right to left', execed(['echo', '\u202etxt'])],
    ['an argument with an escape sequence', execed(['echo', '\u001b[2J'])],
    ['too many arguments', execed(Array.from({ length: caps.argv + 1 }, () => 'x'))],
    ['arguments too long to read', execed(['x'.repeat(caps.argvBytes + 1)])],
    ['too many changes', applied(web, { before: {}, body: {} }, { changes: long })],
  ])('is %s', (_, seen) => {
    const facts = factsOf(seen);
    expect(facts.uninspectable).toBe(true);
    expect(facts.uninspectableBecause).toHaveLength(1);
  });

  it('is every object of a call that has too many, and none of one that has just as many as may be', () => {
    const many = (count: number) => call(...Array.from({ length: count }, () => scaled(web, 1, 2))).objects;
    expect(many(caps.objects + 1).every(({ uninspectable }) => uninspectable)).toBe(true);
    expect(many(caps.objects).some(({ uninspectable }) => uninspectable)).toBe(false);
  });

  it('is not a script of several lines, nor one with accents', () => {
    expect(factsOf(execed(['sh', '-c', 'set -e\n\techo "grün"'])).uninspectable).toBe(false);
  });
});
