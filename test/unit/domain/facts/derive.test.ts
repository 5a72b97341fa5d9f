import { describe, expect, it } from 'vitest';
import { stdinDigest } from '../../../../src/domain/digest.ts';
import type { ObjectEffect } from '../../../../src/domain/effect.ts';
import { deriveFacts, namespacesTouched } from '../../../../src/domain/facts/derive.ts';
import { caps } from '../../../../src/domain/facts/inspectable.ts';
import type {
  ApplyRequest,
  DeleteRequest,
  ExecRequest,
  PlannedRequest,
  ScaleRequest,
} from '../../../../src/domain/request.ts';
import type { ObjectRef, ResourceType } from '../../../../src/domain/resource.ts';

const type = (resource: string, kind: string, group = '', namespaced = true): ResourceType => ({
  group,
  version: 'v1',
  resource,
  kind,
  singular: kind.toLowerCase(),
  shortNames: [],
  namespaced,
  verbs: [],
  subresources: [],
  servedBy: 'built-in',
});
const deployments = type('deployments', 'Deployment', 'apps');
const ref = (of: ResourceType, name: string, namespace: string | undefined = 'shop'): ObjectRef => ({
  type: of,
  namespace: of.namespaced ? namespace : undefined,
  name,
});
const web = ref(deployments, 'web');
const apply = (object: ObjectRef): ApplyRequest => ({
  action: 'apply',
  mode: 'update',
  object,
  body: {},
  forceConflicts: false,
  uid: 'u1',
});
const remove = (object: ObjectRef): DeleteRequest => ({
  action: 'delete',
  object,
  uid: 'u1',
  propagationPolicy: 'Background',
});
const scale: ScaleRequest = { action: 'scale', object: web, replicas: 6, uid: 'u1' };
const exec = (command: readonly string[]): ExecRequest => ({
  action: 'exec',
  object: ref(type('pods', 'Pod'), 'web-1'),
  container: 'web',
  command,
  stdin: 'select 1',
  timeoutSeconds: 30,
  uid: 'u1',
  containerId: 'c1',
  restartCount: 0,
  startedAt: '2026-11-21T09:00:00Z',
});
const effect = (object: ObjectRef, more: Partial<ObjectEffect> = {}): ObjectEffect => ({
  object,
  action: 'configure',
  changes: [],
  varies: [],
  allocated: [],
  stays: [],
  removes: [],
  takes: [],
  shares: [],
  warnings: [],
  ...more,
});
const change = (path: string, from: number | string | undefined, to: number | string | undefined) => ({
  path,
  from,
  to,
  hidden: false,
});
const owned = (path: string, manager: string) => ({ path, manager, live: 1, yours: 2, hidden: false });
const facts = (requests: readonly PlannedRequest[], effects: readonly ObjectEffect[]) =>
  deriveFacts({ requests, effects, namespaceLabels: { shop: { team: 'a' } } });

describe('deriveFacts', () => {
  it('has typed empty values where a fact does not apply', () => {
    const get: PlannedRequest = {
      action: 'get',
      object: ref(type('configmaps', 'ConfigMap'), 'c'),
      representation: 'object',
    };
    expect(deriveFacts({ requests: [get], effects: [], namespaceLabels: {} })).toEqual({
      verbs: ['get'],
      resources: ['configmaps'],
      namespaces: ['shop'],
      names: ['c'],
      objectCount: 1,
      namespaceLabels: {},
      replicas: [],
      touchesSecret: false,
      takesFieldsFrom: [],
      removesFields: [],
      deletes: [],
      deletedWith: 0,
      finalizersRemoved: [],
      terminating: false,
      execCommand: [],
      stdinDigest: '',
      warnings: 0,
      effectUnknown: false,
      uninspectable: false,
    });
  });

  it('says what an apply takes, removes, scales and warns of', () => {
    const found = facts(
      [apply(web)],
      [
        effect(web, {
          changes: [
            change('spec.replicas', 3, 5),
            change('metadata.finalizers[=example.com/x]', 'example.com/x', undefined),
          ],
          takes: [owned('spec.replicas', 'hpa'), owned('spec.paused', 'hpa')],
          removes: ['spec.minReadySeconds'],
          warnings: ['deprecated', 'too'],
          terminating: true,
        }),
      ],
    );
    expect(found).toMatchObject({
      verbs: ['patch'],
      replicas: [{ object: 'Deployment/shop/web', from: 3, to: 5 }],
      takesFieldsFrom: ['hpa'],
      removesFields: ['Deployment/shop/web spec.minReadySeconds'],
      finalizersRemoved: ['example.com/x'],
      warnings: 2,
      terminating: true,
      namespaceLabels: { shop: { team: 'a' } },
    });
  });

  it('counts a created workload from none', () => {
    const made = effect(web, { action: 'create', changes: [change('spec.replicas', undefined, 2)] });
    expect(facts([{ ...apply(web), mode: 'create' }], [made])).toMatchObject({
      verbs: ['create'],
      replicas: [{ object: 'Deployment/shop/web', from: 0, to: 2 }],
    });
  });

  it('has no replicas at all where an effect that might change them is unknown', () => {
    const unknown = effect(web, { unknown: 'its namespace is made by the same call' });
    expect(facts([apply(web)], [unknown])).toMatchObject({ replicas: undefined, effectUnknown: true });
    expect(facts([scale], [])).toMatchObject({ replicas: undefined, effectUnknown: true });
    expect(facts([scale], [effect(web, { changes: [change('spec.replicas', 'many', 6)] })]).replicas).toBeUndefined();
  });

  it('sums what goes with deletes, and has no number where one was not counted', () => {
    const pod = ref(type('pods', 'Pod'), 'p');
    const counted = effect(web, { action: 'delete', deletesWith: [{ resourceGroup: 'pods', count: 3 }] });
    const two = facts([remove(web), remove(pod)], [counted, effect(pod, { action: 'delete', deletesWith: [] })]);
    expect(two).toMatchObject({ deletedWith: 3, deletes: ['Deployment/shop/web', 'Pod/shop/p'], verbs: ['delete'] });
    const notCounted = effect(pod, { action: 'delete', deletesWith: [{ resourceGroup: 'pods', count: undefined }] });
    expect(facts([remove(web), remove(pod)], [counted, notCounted]).deletedWith).toBeUndefined();
    expect(facts([remove(pod)], [effect(pod, { action: 'delete' })]).deletedWith).toBeUndefined();
  });

  it('calls an apply that takes the last finalizer a delete', () => {
    const found = facts([apply(web)], [effect(web, { action: 'delete', deletesWith: [] })]);
    expect(found).toMatchObject({ verbs: ['delete', 'patch'], deletes: ['Deployment/shop/web'] });
  });

  it('has argv and the digest of standard input', () => {
    const request = exec(['psql', '-c', 'x']);
    const found = facts([request], [effect(request.object, { action: 'exec', unknown: 'a program' })]);
    expect(found).toMatchObject({
      verbs: ['create'],
      execCommand: ['psql', '-c', 'x'],
      stdinDigest: stdinDigest('select 1'),
      effectUnknown: true,
    });
  });

  it('knows a Secret by its resource, not by a kind that only looks like one', () => {
    const secrets = ref(type('secrets', 'Secret'), 's');
    expect(facts([apply(secrets)], [effect(secrets)]).touchesSecret).toBe(true);
    const other = ref(type('secrets', 'Secret', 'example.com'), 's');
    expect(facts([apply(other)], [effect(other)]).touchesSecret).toBe(false);
  });

  it('has no labels where those of one namespace are missing', () => {
    const other = ref(deployments, 'web', 'bank');
    expect(facts([apply(web), apply(other)], [effect(web), effect(other)]).namespaceLabels).toBeUndefined();
  });

  it('touches the namespace that a request is about, and all of them with a list over all', () => {
    const namespace = ref(type('namespaces', 'Namespace', '', false), 'bank');
    const list: PlannedRequest = {
      action: 'list',
      type: deployments,
      namespace: undefined,
      limit: 50,
      representation: 'table',
    };
    expect(namespacesTouched([remove(namespace), apply(web), list])).toEqual(['*', 'bank', 'shop']);
    expect(namespacesTouched([apply(ref(type('nodes', 'Node', '', false), 'n1'))])).toEqual([]);
  });
});

describe('uninspectable', () => {
  const zeroWidth = '\u200b';

  it.each([
    ['a name with a character that nobody sees', [apply(ref(deployments, `web${zeroWidth}`))], []],
    ['an argument that writes from right to left', [exec(['echo', '\u202etxt'])], []],
    ['an argument with an escape sequence', [exec(['echo', '\u001b[2J'])], []],
    ['too many arguments', [exec(Array.from({ length: caps.argv + 1 }, () => 'x'))], []],
    ['arguments too long to read', [exec(['x'.repeat(caps.argvBytes + 1)])], []],
    ['too many objects', Array.from({ length: caps.objects + 1 }, () => apply(web)), []],
    [
      'too many changes of one object',
      [apply(web)],
      [
        effect(web, {
          changes: Array.from({ length: caps.changesPerObject + 1 }, (_, i) => change(`spec.a${i}`, 1, 2)),
        }),
      ],
    ],
  ])('is a plan with %s', (_, requests, effects) => {
    expect(facts(requests, effects).uninspectable).toBe(true);
  });

  it('is not a script of several lines, nor one with accents', () => {
    const request = exec(['sh', '-c', 'set -e\n\techo "grün"']);
    expect(facts([request], [effect(request.object)]).uninspectable).toBe(false);
  });

  it('is not a plan just at its caps', () => {
    const changes = Array.from({ length: caps.changesPerObject }, (_, i) => change(`spec.a${i}`, 1, 2));
    const requests = Array.from({ length: caps.objects }, () => apply(web));
    expect(facts(requests, [effect(web, { changes })]).uninspectable).toBe(false);
  });
});
