import { describe, expect, it } from 'vitest';
import { bundle, factsOf, inputOf, pointOf } from '../../support/policy-inputs.ts';

const fault = (when: string) => bundle({ effect: 'deny', when: [when] }).fault;
const verdict = (when: string, facts = {}, more = {}) =>
  pointOf({ effect: 'allow' }, { effect: 'deny', when: [when] }).decide({ ...inputOf(factsOf(facts)), ...more });

describe('a condition is refused when the bundle is loaded', () => {
  it.each([
    ['facts.privilegd', /No such key: privilegd/],
    ['facts.replicas.too > 1', /No such key: too/],
    ['facts.images.exists(i, i.registri == "a")', /No such key: registri/],
    ['facts.privileged == "yes"', /no such overload: bool == string/],
    ['facts.replicas > 3', /no such overload/],
    ['facts.objectCount', /it is int, and a condition is true or false/],
    ['principals.agent == "a"', /Unknown variable: principals/],
    ['facts["privileged"]', /facts alone is no value/],
    ['facts == facts', /facts alone is no value/],
    ['facts.name.matches("^a")', /use reMatch/],
    ['reMatch(facts.name, facts.namespace)', /the pattern of reMatch is a literal/],
    ['reMatch(facts.name, "(")', /missing closing/],
    ['reMatch(facts.name, "a{1000}")', /at most 99 times/],
    ['has(facts.privileged)', /could not be derived denies/],
    ['dyn(facts.name) == 1', /dyn is not taken/],
    ['timestamp("2026-01-01T00:00:00Z") < timestamp("2027-01-01T00:00:00Z")', /timestamp is not taken/],
    ['cel.bind(x, 1, x == 1)', /bind is not taken/],
    ['facts.hostPaths.map(p, p) == []', /map is not taken/],
    ['facts.constructor == 1', /No such key: constructor/],
    ['facts.privileged &&', /Unexpected token/],
    ['facts.hostPaths.exists(facts, true)', /hides another name/],
    [`facts.name == "${'a'.repeat(2000)}"`, /Too big|too_big|<=1000/i],
    [`${'('.repeat(60)}true${')'.repeat(60)}`, /[Dd]epth|nesting/],
    [Array.from({ length: 120 }, () => 'true').join('||'), /maxAstNodes|Depth|depth/],
  ])('%s', (when, words) => {
    let said: string | undefined;
    try {
      said = fault(when);
    } catch (thrown) {
      said = String(thrown);
    }
    expect(said).toMatch(words);
  });

  it('with the name of the rule, its place and its text', () => {
    expect(fault('facts.nope')).toBe('rule r0, when[0] `facts.nope`: No such key: nope');
  });
});

describe('a condition', () => {
  it('compares whole numbers exactly', () => {
    const replicas = { from: 1, to: 7, percent: 600, toZero: false, changed: true };
    expect(verdict('facts.replicas.to % 2 == 1 && facts.replicas.to > 6', { replicas }).verdict).toBe('deny');
    expect(verdict('facts.replicas.to == 6', { replicas }).verdict).toBe('allow');
  });

  it.each<[string, string, object, RegExp]>([
    ['an absent fact', 'facts.privileged', { privileged: undefined }, /facts.privileged is absent/],
    ['a missing key', 'facts.labels["team"] == "a"', { labels: {} }, /No such key: team/],
    ['an element that is not there', 'facts.hostPaths[0] == "/"', {}, /out of bounds/],
    ['a division by zero', 'facts.objectCount / facts.warnings > 1', {}, /division by zero/],
    ['a list beyond its cap', 'facts.hostPaths.size() > 0', { hostPaths: Array(1001).fill('/') }, /more than 1000/],
    ['a fact that is not what it is declared to be', 'facts.privileged', { privileged: 'yes' }, /not a bool/],
  ])('that meets %s errs, and that denies and is told', (_, when, facts, words) => {
    const decision = verdict(when, facts);
    expect(decision).toMatchObject({ verdict: 'deny', rule: 'r1', errors: [{ rule: 'r1', condition: when }] });
    expect(decision.errors?.[0]?.error).toMatch(words);
    expect(decision.because).toMatch(words);
    // Whatever the effect of its rule.
    const allowing = pointOf({ effect: 'allow' }, { effect: 'allow', when: [when] });
    expect(allowing.decide(inputOf(factsOf(facts))).verdict).toBe('deny');
  });

  it('that is false spares its rule an error beside it, in either order', () => {
    for (const when of [
      ['facts.privileged', 'call.namespace == "other"'],
      ['call.namespace == "other"', 'facts.privileged'],
    ]) {
      const decision = pointOf({ effect: 'allow' }, { effect: 'deny', when }).decide(
        inputOf(factsOf({ privileged: undefined })),
      );
      expect(decision).toMatchObject({ verdict: 'allow' });
      expect(decision.errors).toBeUndefined();
    }
  });

  it('reads the time that the input says, in UTC, with Monday as 1', () => {
    const now = Date.parse('2026-01-04T23:59:00Z');
    const when = 'time.weekday == 7 && time.hour == 23 && time.minute == 59 && time.date == "2026-01-04"';
    expect(verdict(when, {}, { now }).verdict).toBe('deny');
    expect(verdict(when, {}, { now: now + 60_000 }).verdict).toBe('allow');
    expect(verdict('time.epochSeconds == 1767571140', {}, { now }).verdict).toBe('deny');
  });

  it('over the caller alone is decided before the cluster is asked', () => {
    const point = pointOf({
      effect: 'allow',
      when: ['principal.groups.exists(g, g == "sre")', 'facts.objectCount < 5'],
    });
    const first = point.first({
      ...inputOf(undefined),
      targets: [{ resourceGroup: undefined, access: { verb: 'patch' }, namespace: 'shop' }],
    });
    expect(first).toMatchObject({ undecided: false, decision: { verdict: 'deny', rule: undefined } });
    const sre = { ...inputOf(undefined).principal, groups: ['sre'] };
    expect(point.first({ ...inputOf(undefined), principal: sre }).undecided).toBe(true);
  });

  it('names the facts that somebody has to derive', () => {
    const point = pointOf(
      { effect: 'deny', when: ['facts.privileged'] },
      { effect: 'allow', match: { namespaces: [{ labels: { a: 'b' } }] } },
    );
    expect(
      ['privileged', 'namespaceLabels', 'environment'].map((name) => point.readsFact(name as 'privileged', 'patch')),
    ).toEqual([true, true, false]);
  });

  it('finds a pattern anywhere in a text', () => {
    expect(verdict('reMatch(facts.name, "^web-[0-9]+$")', { name: 'web-12' }).verdict).toBe('deny');
    expect(verdict('reMatch(facts.name, "^web-[0-9]+$")', { name: 'web-12b' }).verdict).toBe('allow');
  });
});

describe('namespaces by label', () => {
  const point = pointOf({
    effect: 'allow',
    match: { namespaces: [{ labels: { team: 'shop', env: 'dev' } }, 'open-*'] },
  });
  it.each([
    [{ team: 'shop', env: 'dev', more: 'x' }, 'shop', 'allow'],
    [{ team: 'shop' }, 'shop', 'deny'],
    [{}, 'open-1', 'allow'],
    [undefined, 'shop', 'deny'],
    [undefined, 'open-1', 'allow'],
  ])('%j in %s: %s', (namespaceLabels, namespace, expected) => {
    const [target] = inputOf(undefined).targets;
    const decision = point.decide(inputOf(factsOf({ namespaceLabels }), { ...target!, namespace }));
    expect(decision.verdict).toBe(expected);
    expect(decision.errors !== undefined).toBe(namespaceLabels === undefined && namespace === 'shop');
  });
});

describe('what a review asks for', () => {
  it('one person of each group, more people, and whom to ask when nobody decides', () => {
    const { requirement } = pointOf(
      {
        effect: 'review',
        require: { groups: ['sre', 'security'], people: 3, escalate: { after: '10m', to: 'leads' } },
      },
      { effect: 'review', require: { people: 1, escalate: { after: '5m', to: 'leads' } } },
    ).decide(inputOf(factsOf({})));
    expect(requirement?.slots).toEqual([
      { group: 'security', count: 1 },
      { group: 'sre', count: 1 },
      { group: undefined, count: 1 },
    ]);
    expect(requirement?.escalation).toEqual([{ afterSeconds: 600, group: 'leads' }]);
  });
});
