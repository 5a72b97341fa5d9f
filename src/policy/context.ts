import type { DecisionInput, Target } from '../domain/decision.ts';
import { factSpecs } from '../domain/facts/spec.ts';
import type { FactFields } from '../domain/facts/specs/type.ts';
import type { Scope } from './cel/closure.ts';
import { type Condition, type Conditions, createConditions } from './cel/condition.ts';
import type { Members } from './cel/values.ts';

/** What conditions can read, with its types. */
const rootFields: { readonly [root: string]: FactFields } = {
  principal: {
    issuer: 'string',
    subject: 'string',
    agent: 'string',
    client: 'string',
    person: 'string',
    groups: 'list<string>',
    verified: 'bool',
    maskHits: 'int',
  },
  call: {
    tool: 'string',
    cluster: 'string',
    verb: 'string',
    subresource: 'string',
    resource: 'string',
    namespace: 'string',
    name: 'string',
    objectCount: 'int',
  },
  facts: Object.fromEntries(factSpecs.map(({ name, type }) => [name, type])),
  time: { hour: 'int', minute: 'int', weekday: 'int', date: 'string', epochSeconds: 'int' },
};

export const createPolicyConditions = (): Conditions => createConditions(rootFields);

export type Value = ReturnType<Condition['evaluate']> | 'unknown';

/** One target of a call as conditions see it; one that several rules have is evaluated once. */
export interface Subject {
  readonly target: Target;
  /** Labels of the namespace: `unknown` in the first pass, undefined where they could not be read. */
  readonly namespaceLabels: Readonly<Record<string, string>> | undefined | 'unknown';
  value(condition: Condition): Value;
}

/** In the first pass what the call does not say yet is unknown; in the second nothing is, and what is missing is an error. */
export const subjectsOf = (
  input: DecisionInput,
  conditions: Conditions,
  pass: 'first' | 'second',
): readonly Subject[] => input.targets.map((_, index) => new TargetSubject(input, conditions, pass, index));

/** Most reads meet rules without conditions: what those would read is made when the first one is asked. */
class TargetSubject implements Subject {
  readonly target: Target;
  readonly #input: DecisionInput;
  readonly #conditions: Conditions;
  readonly #pass: 'first' | 'second';
  readonly #index: number;
  #scope: Scope | undefined;
  #unknown: ((condition: Condition) => boolean) | undefined;
  #values: (Value | undefined)[] | undefined;

  constructor(input: DecisionInput, conditions: Conditions, pass: 'first' | 'second', index: number) {
    this.target = input.targets[index] as Target;
    this.#input = input;
    this.#conditions = conditions;
    this.#pass = pass;
    this.#index = index;
  }

  get namespaceLabels(): Subject['namespaceLabels'] {
    return this.#pass === 'first' ? 'unknown' : this.#input.facts?.objects[this.#index]?.namespaceLabels;
  }

  value(condition: Condition): Value {
    if (condition.shared === undefined) return this.#find(condition);
    // Of full length at once: one that grows by its gaps is a hash table.
    this.#values ??= new Array<Value | undefined>(this.#conditions.shared());
    const before = this.#values[condition.shared];
    if (before !== undefined) return before;
    const value = this.#find(condition);
    this.#values[condition.shared] = value;
    return value;
  }

  #find(condition: Condition): Value {
    if (this.#pass === 'first') {
      this.#unknown ??= unknownIn(this.target);
      if (this.#unknown(condition)) return 'unknown';
    }
    this.#scope ??= this.#scopeOf();
    return condition.evaluate(this.#scope);
  }

  #scopeOf(): Scope {
    const { principal, facts, now, maskHits = 0 } = this.#input;
    const view = (root: string, ...raw: readonly unknown[]): Members => {
      const made = this.#conditions.views.get(root);
      if (made === undefined) throw new Error(`no root ${root}`);
      return new made(...raw);
    };
    return {
      roots: {
        principal: view('principal', { client: '', person: '', maskHits, ...defined(principal) }),
        time: view('time', timeOf(now)),
        call: view('call', callOf(this.#input, this.target)),
        facts: view('facts', facts?.call, facts?.objects[this.#index]),
      },
      variables: [],
    };
  }
}

const defined = <T extends object>(value: T): object =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));

const callOf = (
  { tool, cluster, facts }: DecisionInput,
  { access, resourceGroup, namespace, name }: Target,
): object => ({
  tool,
  cluster,
  verb: access.verb,
  subresource: access.subresource ?? '',
  resource: resourceGroup,
  namespace: namespace ?? '',
  name: name ?? '',
  objectCount: facts?.call.objectCount,
});

/** Whether a condition reads what the call does not say yet. */
function unknownIn({ access, resourceGroup, namespace, name }: Target): (condition: Condition) => boolean {
  const unknown = new Set(['call.objectCount']);
  if (resourceGroup === undefined)
    for (const member of ['resource', 'verb', 'namespace']) unknown.add(`call.${member}`);
  if (namespace === undefined) unknown.add('call.namespace');
  if (name === undefined && access.verb !== 'list') unknown.add('call.name');
  return ({ reads }) => {
    for (const read of reads) if (read.startsWith('facts.') || unknown.has(read)) return true;
    return false;
  };
}

/** UTC; the weekday as in ISO 8601, Monday is 1. */
function timeOf(now: number): object {
  const date = new Date(now);
  return {
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    weekday: date.getUTCDay() === 0 ? 7 : date.getUTCDay(),
    date: date.toISOString().slice(0, 10),
    epochSeconds: Math.floor(now / 1000),
  };
}
