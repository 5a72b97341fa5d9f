import fc from 'fast-check';
import type { FactFields } from '../../src/domain/facts/specs/type.ts';

/** One member of each type that a fact can have. */
const scalars = { b: 'bool', i: 'int', d: 'double', s: 'string' } as const;
const inner = { ...scalars, ls: 'list<string>', li: 'list<int>', m: 'map<string,string>' } as const;
export const celFields: FactFields = { ...inner, o: { fields: inner }, lo: { listOf: inner } };

type Kind = 'bool' | 'int' | 'double' | 'string' | 'strings' | 'ints' | 'map' | 'objects';
/** A loop variable of an expression, and what it is. */
type Variable = readonly [name: string, kind: 'string' | 'int' | 'object'];
type Text = fc.Arbitrary<string>;

const texts = ['', 'a', 'b', 'ab', 'é', '😀a'];
const literals: Record<Kind, Text> = {
  bool: fc.constantFrom('true', 'false'),
  int: fc.constantFrom('0', '1', '2', '-1'),
  double: fc.constantFrom('0.0', '1.0', '-0.5'),
  string: fc.constantFrom(...texts.map((text) => JSON.stringify(text))),
  strings: fc.constantFrom('["a"]', '["a", "b", ""]'),
  ints: fc.constantFrom('[1]', '[0, 2, 1]'),
  map: fc.constant('my.m'),
  objects: fc.constant('my.lo'),
};
const memberOf: Record<Kind, readonly string[]> = {
  ...{ bool: ['b'], int: ['i'], double: ['d'], string: ['s'] },
  ...{ strings: ['ls'], ints: ['li'], map: ['m'], objects: [] },
};

/** What closures are made of, each expression of the kind; of `size` levels at most. */
function expressions(kind: Kind, size: number, loops: readonly Variable[]): Text {
  const leaves = fc.oneof(literals[kind], paths(kind, loops), paths(kind, loops));
  if (size === 0) return leaves;
  const more = composed(kind, size - 1, loops);
  return more.length === 0 ? leaves : fc.oneof(leaves, ...more, ...more);
}

/** Reads of roots, of objects in them, and of loop variables. */
function paths(kind: Kind, loops: readonly Variable[]): Text {
  const of = memberOf[kind].flatMap((member) => [
    ...[`my.${member}`, `our.${member}`, `my.o.${member}`, `our.lo[0].${member}`],
    ...loops.filter((loop) => loop[1] === 'object').map(([name]) => `${name}.${member}`),
  ]);
  const itself = loops.filter((loop) => loop[1] === kind).map(([name]) => name);
  return fc.constantFrom(...(kind === 'objects' ? ['my.lo', 'our.lo'] : [...of, ...itself, ...itself]));
}

function composed(kind: Kind, size: number, loops: readonly Variable[]): readonly Text[] {
  const one = (of: Kind): Text => expressions(of, size, loops);
  const choice = glued('(', one('bool'), ' ? ', one(kind), ' : ', one(kind), ')');
  switch (kind) {
    case 'bool':
      return [choice, ...connected(one), ...comparisons(one), ...calls(one), ...quantified(one, size, loops)];
    case 'int':
      return [choice, ...sizes(one), glued(one('ints'), '[', one('int'), ']')];
    case 'string':
      return [
        choice,
        glued('my.m[', one('string'), ']'),
        fc.constant('our.m.a'),
        glued(one('strings'), '[', one('int'), ']'),
      ];
    default:
      return [];
  }
}

const connected = (one: (of: Kind) => Text): readonly Text[] => [
  glued('(', one('bool'), ' && ', one('bool'), ')'),
  glued('(', one('bool'), ' || ', one('bool'), ')'),
  glued('!', one('bool')),
];
const comparisons = (one: (of: Kind) => Text): readonly Text[] =>
  (['int', 'double', 'string', 'bool'] as const).map((of) =>
    glued('(', one(of), fc.constantFrom(' == ', ' != ', ' < ', ' <= ', ' > ', ' >= '), one(of), ')'),
  );
const calls = (one: (of: Kind) => Text): readonly Text[] => [
  glued(one('string'), fc.constantFrom('.startsWith(', '.endsWith(', '.contains('), one('string'), ')'),
  glued('(', one('string'), ' in ', fc.oneof(one('strings'), one('map')), ')'),
  glued('(', one('int'), ' in ', one('ints'), ')'),
];
const sizes = (one: (of: Kind) => Text): readonly Text[] =>
  (['string', 'strings', 'map', 'objects'] as const).flatMap((of) => [
    glued('size(', one(of), ')'),
    glued(one(of), '.size()'),
  ]);

/** Two loops deep at most, as conditions are. */
function quantified(one: (of: Kind) => Text, size: number, loops: readonly Variable[]): readonly Text[] {
  if (loops.length >= 2) return [];
  const name = `v${loops.length}`;
  const kinds = { strings: 'string', ints: 'int', objects: 'object' } as const;
  return (['strings', 'ints', 'objects'] as const).map((over) =>
    glued(
      ...[one(over), fc.constantFrom('.exists(', '.all('), `${name}, `],
      ...[expressions('bool', size, [...loops, [name, kinds[over]]]), ')'],
    ),
  );
}

const glued = (...parts: readonly (string | Text)[]): Text =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))).map((all) => all.join(''));

/** Conditions that closures are made of. */
export const closedConditions: Text = expressions('bool', 3, []);

/** What only the interpreter knows. */
const besides = fc.constantFrom(
  ...['my.i / our.i > 0', 'my.s.lowerAscii() == "a"', 'my.li.exists_one(x, x == 1)', 'my.o.i % 2 == 1'],
  ...['our.ls.filter(x, x != "a").size() > 0', 'my.s + our.s == "ab"', 'string(my.i) == "1"', 'reMatch(my.s, "^a")'],
);
export const openConditions: Text = glued(expressions('bool', 2, []), fc.constantFrom(' && ', ' || '), besides);

/** Conditions that closures are made of, though of lists and maps they do not know whether they are equal. */
export const halfOpenConditions: Text = glued(
  ...[expressions('bool', 2, []), fc.constantFrom(' && ', ' || ')],
  fc.constantFrom('my.ls == our.ls', 'my.m != our.m', 'my.lo == my.lo', '[my.s] == my.ls', 'my.o.ls != my.ls'),
);

const text = fc.constantFrom(...texts);
const whole = fc.constantFrom(0, 1, 2, 7);
/** Now and then it is absent, or not what it is declared to be. */
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 12, arbitrary: of },
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 'a', 1.5, [1], {}, Array(1001).fill('a')) },
  );
const innerValues = {
  b: maybe(fc.boolean()),
  i: maybe(whole),
  d: maybe(fc.constantFrom(0, 1, -0.5, Number.NaN)),
  s: maybe(text),
  ls: maybe(fc.array(text, { maxLength: 3 })),
  li: maybe(fc.array(whole, { maxLength: 3 })),
  m: maybe(fc.dictionary(text, text, { maxKeys: 3 })),
};
/** Raw values of a root with `celFields`, as facts come in. */
export const celValues: fc.Arbitrary<object> = fc.record({
  ...innerValues,
  o: maybe(fc.record(innerValues)),
  lo: maybe(fc.array(fc.record(innerValues), { maxLength: 3 })),
});
