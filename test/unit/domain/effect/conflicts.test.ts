import { describe, expect, it } from 'vitest';
import { needsForce, type OwnershipInput, ownership } from '../../../../src/domain/effect/conflicts.ts';
import type { JsonObject } from '../../../../src/domain/json.ts';
import { applied, deployment, entry, lastApplied, webSpec, withManagers } from './objects.ts';

const image = 'spec.template.spec.containers[web].image';
const ask = (input: Partial<OwnershipInput> & Pick<OwnershipInput, 'body' | 'live'>): OwnershipInput => ({
  manager: 'countersign',
  sensitive: [],
  force: false,
  ...input,
});
const paths = (found: readonly { path: string }[]): readonly string[] => found.map(({ path }) => path);

const scaled = (manager: string, more: JsonObject = {}, operation = 'Update'): JsonObject =>
  withManagers(deployment({ replicas: 5 }), entry(manager, operation, { spec: { replicas: 5 } }, more));

describe('ownership of a Deployment', () => {
  it('conflicts where another manager has a different value, and says both', () => {
    const input = ask({ body: deployment({ replicas: 3 }), live: scaled('hpa-controller') });
    expect(ownership(input)).toEqual({
      conflicts: [{ path: 'spec.replicas', manager: 'hpa-controller', live: 5, yours: 3, hidden: false }],
      takes: [],
      shares: [],
    });
    expect(needsForce(input)).toBe(false);
  });

  it('takes it over when the caller asks to', () => {
    const input = ask({ body: deployment({ replicas: 3 }), live: scaled('hpa-controller'), force: true });
    const found = ownership(input);
    expect(found.conflicts).toEqual([]);
    expect(found.takes).toMatchObject([{ path: 'spec.replicas', manager: 'hpa-controller', live: 5, yours: 3 }]);
    expect(needsForce(input)).toBe(true);
  });

  it('shares an equal value, once', () => {
    const body = deployment({ replicas: 5 });
    const first = ask({ body, live: scaled('hpa-controller') });
    expect(paths(ownership(first).shares)).toEqual(['spec.replicas']);
    expect(needsForce(first)).toBe(false);
    const spec = { replicas: 5 };
    const live = withManagers(body, entry('hpa', 'Update', { spec }), entry('countersign', 'Apply', { spec }));
    expect(ownership(ask({ body, live })).shares).toEqual([]);
  });

  it('conflicts with a co-owner of our own field as soon as the value differs', () => {
    const spec = { replicas: 5 };
    const live = withManagers(
      deployment(spec),
      entry('hpa', 'Update', { spec }),
      entry('countersign', 'Apply', { spec }),
    );
    expect(paths(ownership(ask({ body: deployment({ replicas: 4 }), live })).conflicts)).toEqual(['spec.replicas']);
  });

  it('does not take our own other operations for another manager, but needs force for them', () => {
    const live = scaled('countersign', { subresource: 'scale' });
    const differs = ask({ body: deployment({ replicas: 3 }), live });
    expect(ownership(differs)).toEqual({ conflicts: [], takes: [], shares: [] });
    expect(needsForce(differs)).toBe(true);
    expect(needsForce(ask({ body: deployment({ replicas: 5 }), live }))).toBe(false);
  });

  it('never conflicts over the key of a list element', () => {
    const spec = { containers: [{ name: 'web', image: 'web:1' }] };
    const live = withManagers(deployment(spec), entry('other', 'Apply', { spec }));
    const found = ownership(ask({ body: deployment({ containers: [{ name: 'web', image: 'web:2' }] }), live }));
    expect(paths(found.conflicts)).toEqual(['spec.containers[web].image']);
    expect(found.shares).toEqual([]);
  });

  it('says nothing of elements and fields that the body does not have', () => {
    const live = withManagers(deployment(webSpec('web:1')), entry('other', 'Apply', { spec: webSpec('web:1') }));
    const found = ownership(ask({ body: deployment({ paused: true }), live }));
    expect(found).toEqual({ conflicts: [], takes: [], shares: [] });
  });

  it('compares an atomic value whole', () => {
    const spec = { args: ['a', 'b'] };
    const live = withManagers(deployment(spec), entry('other', 'Apply', { spec }));
    const found = ownership(ask({ body: deployment({ args: ['a'] }), live }));
    expect(found.conflicts).toMatchObject([{ path: 'spec.args', live: ['a', 'b'], yours: ['a'] }]);
  });

  it('does not conflict with a label of somebody else because they applied labels empty first', () => {
    const live = withManagers(
      deployment({}, { labels: { a: '1' } }),
      entry('other', 'Apply', { metadata: { labels: {} } }),
      entry('countersign', 'Apply', { metadata: { labels: { a: '1' } } }),
    );
    expect(ownership(ask({ body: deployment({}, { labels: { a: '2' } }), live })).conflicts).toEqual([]);
  });

  it('lets a map that somebody applied empty be filled', () => {
    const set = { metadata: { labels: {} } };
    const live = withManagers(deployment({}, { labels: {} }), entry('other', 'Apply', set));
    expect(ownership(ask({ body: deployment({}, { labels: { a: '1' } }), live })).conflicts).toEqual([]);
  });

  it('lets what nobody recorded conflict as the API server does', () => {
    const live = deployment({ replicas: 5, paused: true });
    const found = ownership(ask({ body: deployment({ replicas: 3, paused: true }), live }));
    expect(found.conflicts).toMatchObject([{ path: 'spec.replicas', manager: 'before-first-apply' }]);
    expect(paths(found.shares)).toEqual(['spec.paused']);
  });

  it('finds nothing on a create', () => {
    const input = ask({ body: deployment({}), live: undefined, force: true });
    expect(ownership(input)).toEqual({ conflicts: [], takes: [], shares: [] });
    expect(needsForce(input)).toBe(true);
  });
});

describe('client-side kubectl apply', () => {
  it('is taken over: a one-line image change works without force, and is said', () => {
    const input = ask({ body: deployment(webSpec('web:1.4.2')), live: applied() });
    const found = ownership(input);
    expect(found.conflicts).toEqual([]);
    expect(found.takes).toEqual([
      { path: image, manager: 'kubectl-client-side-apply', live: 'web:1.4.1', yours: 'web:1.4.2', hidden: false },
    ]);
    expect(paths(found.shares)).toContain('spec.replicas');
    expect(needsForce(input)).toBe(true);
  });

  it.each([
    ['without the annotation that tells a declarative apply', { annotations: {} }, {}],
    ['with another operation', { annotations: lastApplied }, { operation: 'Apply' }],
    ['with a subresource', { annotations: lastApplied }, { subresource: 'scale' }],
    ['with another name', { annotations: lastApplied }, { manager: 'kubectl-edit' }],
  ])('conflicts %s', (_, metadata, more) => {
    const spec = webSpec('web:1.4.1');
    const live = withManagers(deployment(spec, metadata), entry('kubectl-client-side-apply', 'Update', { spec }, more));
    const input = ask({ body: deployment(webSpec('web:1.4.2')), live });
    expect(paths(ownership(input).conflicts)).toEqual([image]);
    expect(needsForce(input)).toBe(false);
  });

  it('does not carry force over to a field of anybody else', () => {
    const spec = webSpec('web:1.4.1');
    const live = withManagers(
      deployment(spec, { annotations: lastApplied }),
      entry('kubectl-client-side-apply', 'Update', { spec: { template: spec.template as JsonObject } }),
      entry('hpa-controller', 'Update', { spec: { replicas: 3 } }, { subresource: 'scale' }),
    );
    const input = ask({ body: deployment(webSpec('web:1.4.2', 9)), live });
    expect(paths(ownership(input).conflicts)).toEqual(['spec.replicas']);
    expect(needsForce(input)).toBe(false);
  });
});

describe('hidden leaves', () => {
  const secret = (password: string, metadata: JsonObject = {}): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db', namespace: 'shop', ...metadata },
    data: { password },
  });
  const sensitive = [['data', 'password']];
  const set = { data: { password: 'token-a' } };
  const conflict = { path: 'data.password', manager: 'ci', live: undefined, yours: undefined, hidden: true };

  it.each([
    ['a controller', 'ci', {}],
    ['client-side apply', 'kubectl-client-side-apply', { annotations: lastApplied }],
  ])('answer a right and a wrong guess alike where %s owns them', (_, manager, metadata) => {
    const live = withManagers(secret('token-a', metadata), entry(manager, 'Update', set));
    const right = ownership(ask({ body: secret('token-a'), live, sensitive }));
    const wrong = ownership(ask({ body: secret('token-b'), live, sensitive }));
    expect(right).toEqual(wrong);
    expect(right.conflicts).toEqual([{ ...conflict, manager }]);
    const forced = ['token-a', 'token-b'].map((guess) => ask({ body: secret(guess), live, sensitive, force: true }));
    expect(forced.map((input) => ownership(input).takes)).toEqual([right.conflicts, right.conflicts]);
    expect(forced.map(needsForce)).toEqual([true, true]);
  });

  it('answer alike where nobody is recorded as their owner', () => {
    const live = withManagers(secret('token-a'), entry('ci', 'Update', { type: 'Opaque' }));
    const answers = ['token-a', 'token-b'].map((guess) => ownership(ask({ body: secret(guess), live, sensitive })));
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.conflicts).toEqual([{ ...conflict, manager: 'before-first-apply' }]);
  });

  it('answer alike through stringData, which the server writes over data', () => {
    const live = withManagers(secret('token-a'), entry('ci', 'Update', set));
    const { data: _, ...rest } = secret('');
    const answers = ['token-a', 'x'].map((password) =>
      ownership(ask({ body: { ...rest, stringData: { password } }, live, sensitive: [] })),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.conflicts).toEqual([conflict]);
  });

  it('are ours to change where only we own them, and a new one is nobody else’s', () => {
    const live = withManagers(secret('token-a'), entry('countersign', 'Apply', set));
    expect(ownership(ask({ body: secret('token-b'), live, sensitive })).conflicts).toEqual([]);
    const other = withManagers(secret('token-a'), entry('ci', 'Update', set));
    const body = { ...secret(''), data: { user: 'token-c' } };
    expect(ownership(ask({ body, live: other, sensitive: [['data', 'user']] })).conflicts).toEqual([]);
  });

  it('that were carried forward are no guess: they stay shared', () => {
    const live = withManagers(secret('token-a'), entry('ci', 'Update', set), entry('countersign', 'Apply', set));
    const input = ask({ body: secret('token-a'), live, sensitive, stays: ['data.password'] });
    expect(ownership(input)).toEqual({ conflicts: [], takes: [], shares: [] });
  });

  it('are found by key though the mask named the element by index, and hide an atomic value around them', () => {
    const spec = (value: string) => ({ containers: [{ name: 'web', env: [{ name: 'TOKEN', value }] }] });
    const live = withManagers(deployment(spec('t')), entry('ci', 'Update', { spec: spec('t') }));
    const byIndex = [['spec', 'containers', { index: 0 }, 'env', { index: 0 }, 'value']];
    const found = ownership(ask({ body: deployment(spec('t')), live, sensitive: byIndex }));
    expect(found.conflicts).toMatchObject([{ path: 'spec.containers[web].env[TOKEN].value', hidden: true }]);
    const atomic = { things: [{ token: 't' }] };
    const other = withManagers(deployment(atomic), entry('ci', 'Update', { spec: atomic }));
    const within = [['spec', 'things', { index: 0 }, 'token']];
    expect(ownership(ask({ body: deployment(atomic), live: other, sensitive: within })).conflicts).toEqual([
      { path: 'spec.things', manager: 'ci', live: undefined, yours: undefined, hidden: true },
    ]);
  });
});

describe('ownership after the dry-run', () => {
  const spec = { cpu: '1' };
  const live = withManagers(deployment(spec), entry('vpa', 'Update', { spec }));
  const body = deployment({ cpu: '1000m' });

  it('takes another spelling for a difference until the API server says that the owner keeps it', () => {
    expect(paths(ownership(ask({ body, live })).conflicts)).toEqual(['spec.cpu']);
    const kept = ownership(ask({ body, live, dryRun: live }));
    expect(kept.conflicts).toEqual([]);
    expect(paths(kept.shares)).toEqual(['spec.cpu']);
  });

  it('refuses what a forced dry-run took from a manager that no comparison named', () => {
    const both = { cpu: '1', memory: '2' };
    const before = withManagers(deployment(both), entry('vpa', 'Update', { spec: both }));
    const dryRun = withManagers(deployment(both), entry('vpa', 'Update', { spec: { memory: '2' } }));
    const same = deployment({ cpu: '1' });
    expect(paths(ownership(ask({ body: same, live: before, dryRun })).conflicts)).toEqual(['spec.cpu']);
    expect(paths(ownership(ask({ body: same, live: before, dryRun, force: true })).takes)).toEqual(['spec.cpu']);
    const without = ownership(ask({ body: deployment({}), live: before, dryRun }));
    expect(without.conflicts).toEqual([]);
    expect(paths(without.takes)).toEqual(['spec.cpu']);
  });

  it('does not take a controller that goes on writing status for one that lost it', () => {
    const status = { unavailableReplicas: 1 };
    const before = withManagers({ ...deployment({}), status }, entry('controller', 'Update', { status }));
    const dryRun = withManagers(deployment({}), entry('controller', 'Update', {}));
    expect(ownership(ask({ body: deployment({}), live: before, dryRun })).takes).toEqual([]);
  });
});
