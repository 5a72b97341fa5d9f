import type { ParseResult } from '@marcbachmann/cel-js';
import type { FactFields } from '../../domain/facts/specs/type.ts';
import { attempt, type Closure, type Closures, createClosures, type Scope } from './closure.ts';
import { type CelEnvironment, createEnvironment } from './environment.ts';
import { limits } from './limits.ts';
import { createPatterns, type Patterns } from './pattern.ts';
import type { Roots, View } from './values.ts';
import { walk } from './walk.ts';

/** One conjunct, checked and compiled. */
export interface Condition {
  /** Of one that several rules have, its place among those, from 0: what was found out is kept there. Undefined: one rule asks it. */
  readonly shared: number | undefined;
  readonly text: string;
  /** `facts.replicas`, `principal.groups` … */
  readonly reads: ReadonlySet<string>;
  /** Steps at worst. */
  readonly cost: number;
  /** True, false, or why it is neither: an absent member, a missing key, a division by zero … */
  evaluate(scope: Scope): boolean | { readonly error: string };
}

export interface Conditions {
  /** The same text gives the same condition. @throws Error that says what is wrong with it */
  compile(text: string): Condition;
  /** How many several rules have: every place is below. */
  shared(): number;
  readonly views: ReadonlyMap<string, View>;
}

/** Compiles conditions over these roots. */
export function createConditions(roots: { readonly [root: string]: FactFields }): Conditions {
  const patterns = createPatterns();
  const environment = createEnvironment(roots, patterns.found);
  const names = new Set(Object.keys(roots));
  const closures = createClosures(names);
  const compiled = new Map<string, CompiledCondition>();
  let shared = 0;
  return {
    views: environment.views,
    shared: () => shared,
    compile: (text) => {
      const known = compiled.get(text);
      if (known !== undefined) {
        known.shared ??= shared++;
        return known;
      }
      const condition = compile(text, { environment, patterns, names, closures });
      compiled.set(text, condition);
      return condition;
    },
  };
}

interface Compiler {
  readonly environment: CelEnvironment;
  readonly patterns: Patterns;
  readonly names: ReadonlySet<string>;
  readonly closures: Closures;
}

function compile(text: string, { environment, patterns, names, closures }: Compiler): CompiledCondition {
  if (text.length > limits.expression)
    throw new Error(`a condition has at most ${limits.expression} characters: split it into several`);
  const parsed = parse(text, environment);
  const walked = walk(parsed.ast, names);
  for (const pattern of walked.patterns) patterns.add(pattern);
  const checked = parsed.check();
  if (!checked.valid) throw new Error(summaryOf(checked.error));
  if (checked.type !== 'bool') throw new Error(`it is ${checked.type}, and a condition is true or false`);
  return new CompiledCondition({ text, ...walked }, closures(parsed.ast), (roots) => {
    patterns.begin();
    return interpret(parsed, roots);
  });
}

type Interpreter = (roots: Roots) => boolean | { readonly error: string };

/** All in one object: what a thousand of them are scattered over has to be fetched for each decision. */
class CompiledCondition implements Condition {
  shared: number | undefined;
  readonly text: string;
  readonly reads: ReadonlySet<string>;
  readonly cost: number;
  readonly #closure: Closure | undefined;
  readonly #interpret: Interpreter;

  constructor(
    { text, reads, cost }: Omit<Condition, 'evaluate' | 'shared'>,
    closure: Closure | undefined,
    interpreter: Interpreter,
  ) {
    this.shared = undefined;
    this.text = text;
    this.reads = reads;
    this.cost = cost;
    this.#closure = closure;
    this.#interpret = interpreter;
  }

  evaluate(scope: Scope): boolean | { readonly error: string } {
    const value = this.#closure === undefined ? undefined : attempt(this.#closure, scope);
    return value ?? this.#interpret(scope.roots);
  }
}

function parse(text: string, environment: CelEnvironment): ParseResult {
  try {
    return environment.parse(text);
  } catch (thrown) {
    throw new Error(summaryOf(thrown));
  }
}

function interpret(parsed: ParseResult, roots: Roots): boolean | { readonly error: string } {
  try {
    const value: unknown = parsed(roots);
    if (value === true || value === false) return value;
    return { error: 'it came out neither true nor false' };
  } catch (thrown) {
    return { error: summaryOf(thrown) };
  }
}

/** The library's errors carry the text that they are about on further lines; the first says it. */
function summaryOf(thrown: unknown): string {
  if (thrown instanceof Error && 'summary' in thrown && typeof thrown.summary === 'string') return thrown.summary;
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
}
