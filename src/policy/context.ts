import type { DecisionInput, Target } from '../domain/decision.ts';
import { factSpecs } from '../domain/facts/spec.ts';
import type { FactFields } from '../domain/facts/specs/type.ts';
import { lazy } from '../domain/lazy.ts';
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
export function subjectsOf(input: DecisionInput, conditions: Conditions, pass: 'first' | 'second'): readonly Subject[] {
  const view = (root: string, ...raw: readonly unknown[]): Members => {
    const made = conditions.views.get(root);
    if (made === undefined) throw new Error(`no root ${root}`);
    return new made(...raw);
  };
  // Most reads meet rules without conditions: what those would read is made when the first one is asked.
  const scopeOf = (target: Target, index: number): Scope => ({
    roots: {
      principal: view('principal', { client: '', person: '', ...defined(input.principal) }),
      time: view('time', timeOf(input.now)),
      call: view('call', callOf(input, target)),
      facts: view('facts', input.facts?.call, input.facts?.objects[index]),
    },
    variables: [],
  });
  return input.targets.map((target, index) => {
    const scope = lazy(() => scopeOf(target, index));
    const unknown = pass === 'first' ? lazy(() => unknownIn(target)) : undefined;
    // Of full length at once: one that grows by its gaps is a hash table.
    const values = lazy(() => new Array<Value | undefined>(conditions.shared()));
    const find = (condition: Condition): Value =>
      unknown?.()(condition) === true ? 'unknown' : condition.evaluate(scope());
    return {
      target,
      get namespaceLabels() {
        return pass === 'first' ? 'unknown' : input.facts?.objects[index]?.namespaceLabels;
      },
      value: (condition) => {
        if (condition.shared === undefined) return find(condition);
        const known = values();
        const before = known[condition.shared];
        if (before !== undefined) return before;
        const value = find(condition);
        known[condition.shared] = value;
        return value;
      },
    };
  });
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
