import type { ASTNode } from '@marcbachmann/cel-js';
import {
  bool,
  comparisons,
  entryOf,
  fail,
  isIn,
  isPrimitive,
  list,
  memberOf,
  methods,
  type Operation,
  type Primitive,
  size,
  there,
} from './operations.ts';
import type { Roots } from './values.ts';

/**
 * A condition as nested functions, several times faster than the interpreter, which stays the one that says what is an
 * error: `undefined` is "ask the interpreter". So each function here gives what the interpreter would, or throws; what is thrown
 * is unknown in Kleene's logic, and `true || unknown` is true whatever the unknown side turns out to be.
 */
export type Closure = (scope: Scope) => unknown;

/** What names stand for. */
export interface Scope {
  readonly roots: Roots;
  /** Variables of loops, the outermost first: written by the loop, read within it. */
  readonly variables: unknown[];
}

/** The closure of a checked expression; undefined where it holds something that closures are not made of. */
export type Closures = (ast: ASTNode) => Closure | undefined;

/** Reads of the same member are the same closure: a thousand rules read few members, and what is shared stays in the cache. */
export function createClosures(roots: ReadonlySet<string>): Closures {
  const reads: Reads = new Map();
  return (ast) => {
    try {
      return compile(ast, { roots, loops: [], reads });
    } catch (thrown) {
      if (thrown === outside) return undefined;
      throw thrown;
    }
  };
}

/** True, false, or undefined: ask the interpreter. */
export function attempt(run: Closure, scope: Scope): boolean | undefined {
  try {
    return bool(run(scope));
  } catch {
    return undefined;
  }
}

/** By whose member it is, a root or what another closure gives, and its name. */
type Reads = Map<Closure | string, Map<string, Closure>>;

/** The names that an expression is in. */
interface Names {
  readonly roots: ReadonlySet<string>;
  readonly loops: readonly string[];
  readonly reads: Reads;
}

const outside = new Error('not an expression that closures are made of');

function compile(node: ASTNode, names: Names): Closure {
  switch (node.op) {
    case 'value':
      return constant(literal(node));
    case '-_':
      return constant(negative(literal(node.args)));
    case 'list':
      return constant(node.args.map(literal));
    case 'id':
      return variable(node.args, names);
    case '.':
      return member(node.args[0], node.args[1], names);
    case '[]':
      return both(node.args, names, entryOf);
    case '&&':
      return connected(node.args, names, false);
    case '||':
      return connected(node.args, names, true);
    case '!_':
      return negation(compile(node.args, names));
    case '?:':
      return choice(node.args, names);
    case 'in':
      return both(node.args, names, isIn);
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return both(node.args, names, comparisons[node.op]);
    case 'call':
      return node.args[0] === 'size' ? method('size', node.args[1], names) : refuse();
    case 'rcall':
      return loops.has(node.args[0])
        ? loop(node.args, names)
        : method(node.args[0], [node.args[1], ...node.args[2]], names);
    default:
      return refuse();
  }
}

function refuse(): never {
  throw outside;
}

const constant =
  (value: unknown): Closure =>
  () =>
    value;

const literal = (node: ASTNode): Primitive => (node.op === 'value' && isPrimitive(node.args) ? node.args : refuse());

const negative = (value: Primitive): Primitive =>
  typeof value === 'bigint' || typeof value === 'number' ? -value : refuse();

function variable(name: string, names: Names): Closure {
  const depth = names.loops.indexOf(name);
  return depth < 0 ? refuse() : shared('', `${depth}`, names, ({ variables }) => variables[depth]);
}

function member(left: ASTNode, name: string, names: Names): Closure {
  if (left.op === 'id' && names.roots.has(left.args)) {
    const root = left.args;
    return shared(root, name, names, ({ roots }) => there(roots[root]?.[name]));
  }
  const of = compile(left, names);
  return shared(of, name, names, (scope) => memberOf(of(scope), name));
}

/** The closure that read this member of this owner before, or else this one. */
function shared(owner: Closure | string, name: string, { reads }: Names, made: Closure): Closure {
  const members = reads.get(owner) ?? new Map<string, Closure>();
  reads.set(owner, members);
  const read = members.get(name) ?? made;
  members.set(name, read);
  return read;
}

function connected([first, second]: readonly [ASTNode, ASTNode], names: Names, decisive: boolean): Closure {
  const [left, right] = [compile(first, names), compile(second, names)];
  return (scope) => {
    const one = attempt(left, scope);
    if (one === decisive) return decisive;
    const other = bool(right(scope));
    return one === undefined && other !== decisive ? fail() : other;
  };
}

const negation =
  (of: Closure): Closure =>
  (scope) =>
    !bool(of(scope));

function choice(nodes: readonly [ASTNode, ASTNode, ASTNode], names: Names): Closure {
  const [condition, yes, no] = [compile(nodes[0], names), compile(nodes[1], names), compile(nodes[2], names)];
  return (scope) => (bool(condition(scope)) ? yes(scope) : no(scope));
}

function both([first, second]: readonly [ASTNode, ASTNode], names: Names, operation: Operation): Closure {
  const left = compile(first, names);
  if (second.op === 'value') {
    const fixed = literal(second);
    return (scope) => operation(left(scope), fixed);
  }
  const right = compile(second, names);
  return (scope) => operation(left(scope), right(scope));
}

function method(name: string, nodes: readonly ASTNode[], names: Names): Closure {
  const [first, second, more] = nodes;
  if (first === undefined || more !== undefined) return refuse();
  if (name === 'size' && second === undefined) {
    const of = compile(first, names);
    return (scope) => size(of(scope));
  }
  const operation = methods.get(name);
  return operation === undefined || second === undefined ? refuse() : both([first, second], names, operation);
}

/** Whether the value of a body that decides the loop is true; of `all` it is false. */
const loops: ReadonlyMap<string, boolean> = new Map([
  ['exists', true],
  ['all', false],
]);

function loop([name, receiver, args]: readonly [string, ASTNode, readonly ASTNode[]], names: Names): Closure {
  const [item, predicate] = args;
  if (item?.op !== 'id' || predicate === undefined) return refuse();
  const decisive = loops.get(name) ?? refuse();
  const depth = names.loops.length;
  const over = compile(receiver, names);
  const body = compile(predicate, { ...names, loops: [...names.loops, item.args] });
  return (scope) => {
    let failed = false;
    for (const element of list(over(scope))) {
      scope.variables[depth] = element;
      const value = attempt(body, scope);
      if (value === decisive) return decisive;
      failed ||= value === undefined;
    }
    return failed ? fail() : !decisive;
  };
}
