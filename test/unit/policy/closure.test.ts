import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attempt, createClosures, type Scope } from '../../../src/policy/cel/closure.ts';
import { createConditions } from '../../../src/policy/cel/condition.ts';
import { createEnvironment } from '../../../src/policy/cel/environment.ts';
import {
  celFields,
  celValues,
  closedConditions,
  halfOpenConditions,
  openConditions,
} from '../../support/cel-expressions.ts';

const roots = { my: celFields, our: celFields };
const { parse, views } = createEnvironment(roots, (text, pattern) => new RegExp(pattern).test(text));

/** Made anew for each evaluator, so that none sees what another one has read. */
function scopeOf(my: object, our: object, of = views): Scope {
  const [My, Our] = [of.get('my'), of.get('our')];
  if (My === undefined || Our === undefined) throw new Error('no view');
  return { roots: { my: new My(my), our: new Our(our) }, variables: [] };
}

/** What the interpreter makes of it: a value, or the text of its error. */
function interpreted(text: string, scope: Scope): boolean | { error: string } {
  const parsed = parse(text);
  const checked = parsed.check();
  if (!checked.valid) throw new Error(`${text}: ${checked.error?.message}`);
  try {
    return parsed(scope.roots) as boolean;
  } catch (thrown) {
    return { error: String((thrown as Error & { summary?: string }).summary ?? (thrown as Error).message) };
  }
}

describe('closures', () => {
  const closures = createClosures(new Set(Object.keys(roots)));

  it('give what the interpreter gives, and nothing exactly where it errs', () => {
    const seen = new Map<unknown, number>();
    fc.assert(
      fc.property(closedConditions, celValues, celValues, (text, my, our) => {
        const closure = closures(parse(text).ast);
        if (closure === undefined) throw new Error(`no closure of ${text}`);
        const value = interpreted(text, scopeOf(my, our));
        const expected = typeof value === 'boolean' ? value : undefined;
        expect(attempt(closure, scopeOf(my, our))).toBe(expected);
        seen.set(expected, (seen.get(expected) ?? 0) + 1);
      }),
      { numRuns: 3000 },
    );
    // Each often enough to mean something.
    expect(Math.min(...[true, false, undefined].map((each) => seen.get(each) ?? 0))).toBeGreaterThan(300);
  });

  it('are not made of what only the interpreter knows', () => {
    fc.assert(
      fc.property(openConditions, (text) => {
        expect(closures(parse(text).ast)).toBeUndefined();
      }),
    );
  });

  it.each([
    ['true || my.b', true],
    ['my.b || true', true],
    ['my.b && false', false],
    ['my.b || false', undefined],
    ['my.ls.exists(x, x == "b" || my.b)', true],
    ['my.ls.all(x, x == "b" && my.b)', false],
    ['my.ls.all(x, x != "c" || my.b)', true],
    ['my.ls.exists(x, my.b)', undefined],
    ['my.li.exists(x, my.ls.exists(y, x == 1 && y == "b" && x in my.li))', true],
    ['my.i == 1 ? true : my.b', true],
    ['my.d == my.d', false],
    ['my.m["k"] == "v" && my.m.k in my.m', false],
    ['my.m["x"] == "v"', undefined],
    ['my.m["k"] == "v" && !(my.m.k in my.m)', true],
    ['my.ls[2] == "a"', undefined],
    ['my.s.size() == 2', true],
    ['my.s.startsWith("a")', false],
    ['my.s.endsWith("😀")', false],
    ['my.s.contains("a") && my.s.endsWith("a") && my.s.startsWith("😀")', true],
  ])('%s, with my.b absent: %s', (text, expected) => {
    const closure = closures(parse(text).ast);
    if (closure === undefined) throw new Error('no closure');
    const scope = scopeOf({ i: 1, d: Number.NaN, s: '😀a', ls: ['a', 'b'], li: [0, 1], m: { k: 'v' } }, {});
    expect(attempt(closure, scope)).toBe(expected);
  });
});

describe('a condition', () => {
  it('has the value or the error of the interpreter, whatever it is made of', () => {
    const conditions = createConditions(roots);
    const compiled = (text: string) => {
      try {
        return conditions.compile(text);
      } catch (thrown) {
        expect(String(thrown)).toMatch(/it may take [\d.]+ steps|at most 1000 characters|[Dd]epth|maxAstNodes/);
        return undefined;
      }
    };
    let asked = 0;
    fc.assert(
      fc.property(
        fc.oneof(closedConditions, openConditions, halfOpenConditions),
        celValues,
        celValues,
        (text, my, our) => {
          const condition = compiled(text);
          if (condition === undefined) return;
          expect(condition.evaluate(scopeOf(my, our, conditions.views))).toEqual(interpreted(text, scopeOf(my, our)));
          asked++;
        },
      ),
      { numRuns: 1500 },
    );
    expect(asked).toBeGreaterThan(1000);
  });
});
