import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DecisionInput, Target, Verdict } from '../../../src/domain/decision.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { bundleOf, loadBundle } from '../../../src/policy/bundle.ts';
import { createDecisionPoint } from '../../../src/policy/decision-point.ts';
import { globOf } from '../../../src/policy/match.ts';
import { type Rule, ruleSchema } from '../../../src/policy/rule.ts';
import { openPolicy } from '../../../src/policy/source.ts';

const principal: Principal = { issuer: 'local', subject: 'ann', agent: 'bot-1', groups: ['dev'], verified: false };
const target = (verb: Target['access']['verb'], resourceGroup?: string, namespace?: string | null): Target => {
  const [name, subresource] = resourceGroup?.split('/') ?? [];
  return { resourceGroup: name, access: { verb, ...(subresource === undefined ? {} : { subresource }) }, namespace };
};
const call = (...targets: Target[]): DecisionInput => ({
  principal,
  tool: 'apply',
  cluster: 'shop-prod',
  targets,
  facts: undefined,
  now: 0,
});
const rule = (effect: Verdict, match: object = {}, more: object = {}): Rule =>
  ruleSchema.parse({ name: 'a-rule', description: 'A rule of a test.', effect, match, ...more });
const named = (rules: readonly Rule[]): readonly Rule[] => rules.map((each, index) => ({ ...each, name: `r${index}` }));
const point = (...rules: Rule[]) => createDecisionPoint(bundleOf(named(rules)));
const folders: string[] = [];
const folder = async (files: Record<string, string>): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), 'policy-'));
  folders.push(made);
  for (const [name, text] of Object.entries(files)) await writeFile(join(made, name), text);
  return made;
};
afterEach(async () => {
  for (const each of folders.splice(0)) await rm(each, { recursive: true, force: true });
});
const log = () => ({ debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() });
const allowAll = 'rules: [{ name: all, description: "All is allowed here.", effect: allow }]';

describe('matching', () => {
  it.each<[object, Target, boolean]>([
    [{ resources: ['pods'] }, target('get', 'pods', 'a'), true],
    [{ resources: ['pods'] }, target('create', 'pods/exec', 'a'), false],
    [{ resources: ['pods/exec'] }, target('create', 'pods/exec', 'a'), true],
    [{ resources: ['*/exec'] }, target('create', 'pods/exec', 'a'), true],
    [{ resources: ['*'] }, target('create', 'pods/exec', 'a'), true],
    [{ resources: ['deployments.apps'] }, target('get', 'deployments', 'a'), false],
    [{ resources: ['*.apps'] }, target('get', 'deployments.apps', 'a'), true],
    [{ namespaces: ['shop-*'] }, target('get', 'pods', 'shop-1'), true],
    [{ namespaces: ['shop-*'] }, target('get', 'pods', 'a-shop-1'), false],
    [{ namespaces: ['*'] }, target('get', 'nodes', null), false],
    [{ clusterScoped: true }, target('get', 'nodes', null), true],
    [{ clusters: ['*-prod'] }, target('get', 'pods', 'a'), true],
    [{ clusters: ['dev'] }, target('get', 'pods', 'a'), false],
    [{ tools: ['apply'] }, target('get', 'pods', 'a'), true],
    [{ tools: ['get'] }, target('get', 'pods', 'a'), false],
    [{ principal: { agents: ['bot-*'], groups: ['dev'], issuers: ['local'] } }, target('get', 'pods', 'a'), true],
    [{ principal: { groups: ['sre'] } }, target('get', 'pods', 'a'), false],
    [{ principal: { verified: true } }, target('get', 'pods', 'a'), false],
  ])('%j on %j: %s', (match, on, matches) => {
    expect(point(rule('allow', match)).decide(call(on)).verdict).toBe(matches ? 'allow' : 'deny');
  });

  it('a glob is what a regular expression of it would be', () => {
    const piece = fc.constantFrom('a', 'b', '*', '-');
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.constantFrom('a', 'b', '-')), (pattern, text) => {
        const expected = new RegExp(`^${pattern.map((each) => (each === '*' ? '.*' : each)).join('')}$`);
        expect(globOf(pattern.join(''))(text.join(''))).toBe(expected.test(text.join('')));
      }),
    );
  });
});

describe('a decision', () => {
  const held = { require: { people: 1 } };
  it('is allow only if every target is allowed', () => {
    const only = point(rule('allow', { resources: ['pods'] }));
    expect(only.decide(call(target('get', 'pods', 'a'), target('get', 'secrets', 'a'))).verdict).toBe('deny');
    expect(only.decide(call()).verdict).toBe('deny');
  });

  it('adds up what review rules require', () => {
    const decision = point(
      rule('review', {}, { require: { slots: [{ group: 'sre', count: 1 }], decideWithin: '5m', ownerMay: true } }),
      rule(
        'review',
        {},
        { require: { slots: [{ group: 'sre', count: 2 }, { group: 'security' }], confirmCode: true } },
      ),
      rule('review', {}, held),
    ).decide(call(target('patch', 'pods', 'a')));
    expect(decision.requirement).toEqual({
      slots: [
        { group: 'security', count: 1 },
        { group: 'sre', count: 2 },
        { group: undefined, count: 1 },
      ],
      decideWithinSeconds: 300,
      useWithinSeconds: 900,
      ownerMay: false,
      confirmCode: true,
    });
  });

  it('lets break the glass only where every review rule names a group: in all of them, for the shortest time', () => {
    const glass = (group: string, within: string) =>
      rule('review', {}, { require: { people: 1, breakGlass: { group, within } } });
    const of = (...rules: Parameters<typeof point>) =>
      point(...rules).decide(call(target('patch', 'pods', 'a'))).requirement?.breakGlass;
    expect(of(glass('oncall', '10m'))).toEqual({ groups: ['oncall'], withinSeconds: 600 });
    expect(of(glass('oncall', '10m'), glass('leads', '2m'), glass('oncall', '5m'))).toEqual({
      groups: ['leads', 'oncall'],
      withinSeconds: 120,
    });
    expect(of(glass('oncall', '10m'), rule('review', {}, held))).toBeUndefined();
    expect(of(rule('review', {}))).toBeUndefined();
  });

  it('in the first pass is undecided where a target could still be allowed or a deny missed', () => {
    const both = point(rule('allow', { resources: ['pods'] }), rule('deny', { namespaces: ['kube-system'] }));
    expect(both.first(call(target('get')))).toEqual({ undecided: true });
    expect(both.first(call(target('get', 'pods', 'kube-system'))).undecided).toBe(false);
    expect(both.first(call(target('get', 'secrets'))).undecided).toBe(false);
    expect(point(rule('review', { verbs: ['create'] }, held)).first(call(target('patch'))).undecided).toBe(true);
  });
});

describe('properties', () => {
  const match = fc.record(
    {
      verbs: fc.subarray(['get', 'create', 'patch', 'delete'], { minLength: 1 }),
      resources: fc.subarray(['pods', 'secrets', 'pods/exec', '*', '*.apps'], { minLength: 1 }),
      namespaces: fc.subarray(['shop', 'kube-*', '*'], { minLength: 1 }),
      clusterScoped: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const anyRule = fc
    .tuple(fc.constantFrom<Verdict>('deny', 'review', 'allow'), match)
    .map(([effect, matching]) => rule(effect, matching));
  const rules = fc.array(anyRule, { minLength: 1, maxLength: 8 });
  const known = fc
    .tuple(
      fc.constantFrom<Target['access']['verb']>('get', 'create', 'patch', 'delete'),
      fc.constantFrom('pods', 'secrets', 'pods/exec', 'deployments.apps'),
      fc.constantFrom('shop', 'kube-system', null),
    )
    .map(([verb, resource, namespace]) => target(verb, resource, namespace));
  const targets = fc.array(known, { minLength: 1, maxLength: 3 });
  const strictness = { allow: 0, review: 1, deny: 2 };

  it('adding a deny or a review never loosens, an allow never overrides', () => {
    fc.assert(
      fc.property(rules, anyRule, targets, (some, one, on) => {
        const before = point(...some).decide(call(...on)).verdict;
        const after = point(...some, one).decide(call(...on)).verdict;
        if (one.effect === 'deny') expect(strictness[after]).toBeGreaterThanOrEqual(strictness[before]);
        if (one.effect === 'allow' && before === 'review') expect(after).toBe('review');
        if (one.effect === 'review' && before !== 'allow') expect(after).not.toBe('allow');
      }),
    );
  });

  it('order never matters', () => {
    fc.assert(
      fc.property(rules, targets, fc.nat(), (some, on, turn) => {
        const list = named(some);
        const at = turn % list.length;
        const turned = [...list.slice(at), ...list.slice(0, at)].reverse();
        const [a, b] = [list, turned].map((each) => createDecisionPoint(bundleOf(each)).decide(call(...on)));
        expect(a).toEqual(b);
      }),
    );
  });

  it('what the first pass refuses the second refuses for every completion', () => {
    fc.assert(
      fc.property(rules, targets, fc.infiniteStream(fc.boolean()), (some, on, hide) => {
        const hidden = on.map((each) => {
          const resource = hide.next().value === true ? undefined : each.resourceGroup;
          const verb =
            resource === undefined && each.access.subresource === undefined && each.access.verb === 'create'
              ? 'patch'
              : each.access.verb;
          const namespace = hide.next().value === true ? undefined : each.namespace;
          return { ...each, resourceGroup: resource, access: { ...each.access, verb }, namespace };
        });
        const first = point(...some).first(call(...hidden));
        if (!first.undecided) expect(point(...some).decide(call(...on)).verdict).toBe('deny');
      }),
      { numRuns: 500 },
    );
  });
});

describe('a bundle that is not good denies everything and says why', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['an empty folder', {}, /no \.yaml/],
    ['cases only', { 'a.cases.yaml': allowAll }, /no \.yaml/],
    ['no rules', { 'a.yaml': 'rules: []' }, /no rules/],
    ['broken YAML', { 'a.yaml': allowAll, 'b.yaml': 'rules: [' }, /b\.yaml/],
    ['an unknown key', { 'a.yaml': allowAll.replace('effect', 'when: x, effect') }, /when/],
    ['a bare kind', { 'a.yaml': allowAll.replace('effect', 'match: {kind: Pod}, effect') }, /kind/],
    [
      'a kind as a resource',
      { 'a.yaml': allowAll.replace('effect', 'match: {resources: [Pod]}, effect') },
      /not a kind/,
    ],
    ['no description', { 'a.yaml': 'rules: [{name: a, effect: allow}]' }, /description/],
    ['two of one name', { 'a.yaml': allowAll, 'b.yaml': allowAll }, /name all/],
    ['people for an allow', { 'a.yaml': allowAll.replace('effect', 'require: {people: 1}, effect') }, /only a review/],
  ])('%s', async (_, files, words) => {
    const bundle = await loadBundle(await folder(files));
    expect(bundle.fault).toMatch(words);
    const broken = createDecisionPoint(bundle);
    expect(broken.decide(call(target('get', 'pods', 'a')))).toMatchObject({
      verdict: 'deny',
      because: expect.stringMatching(words),
    });
    expect(broken.first(call(target('get')))).toMatchObject({ undecided: false, decision: { verdict: 'deny' } });
  });

  it('a folder that is not there', async () => {
    expect((await loadBundle('/nowhere/at/all')).fault).toMatch(/nowhere/);
  });

  it('the digest is over what the rules say, not over files and order', async () => {
    const [one, two] = [allowAll, allowAll.replace('name: all', 'name: two')];
    const a = await loadBundle(await folder({ 'a.yaml': one, 'b.yaml': two }));
    const b = await loadBundle(await folder({ 'x.yaml': two, 'y.yaml': `# words\n${one}` }));
    expect(a.digest).toBe(b.digest);
    expect(a.digest).not.toBe((await loadBundle(await folder({ 'a.yaml': one }))).digest);
  });
});

describe('a changed folder', () => {
  it('is in force after a reload, and a broken one leaves the last good bundle, loudly', async () => {
    const path = await folder({ 'a.yaml': allowAll });
    const out = log();
    const policy = await openPolicy({ folder: path, log: out });
    const verdict = () => policy.current().decide(call(target('get', 'pods', 'a'))).verdict;
    expect(verdict()).toBe('allow');
    await writeFile(join(path, 'a.yaml'), 'rules: [');
    await policy.reload();
    expect([verdict(), policy.fault()]).toEqual(['allow', expect.stringMatching(/a\.yaml/)]);
    expect(out.error).toHaveBeenCalled();
    await writeFile(join(path, 'a.yaml'), allowAll.replace('allow }', 'deny }'));
    await vi.waitFor(() => expect(verdict()).toBe('deny'), { timeout: 5_000 });
    expect(policy.fault()).toBeUndefined();
    policy.close();
  });
});
