import type { ASTNode } from '@marcbachmann/cel-js';
import { limits } from './limits.ts';

/** What a condition reads, and what it is made of; found before it is ever evaluated. */
export interface Walked {
  /** `facts.replicas`, `principal.groups`: a root with its member. */
  readonly reads: ReadonlySet<string>;
  /** The literal patterns of `reMatch`. */
  readonly patterns: readonly string[];
  /** Steps at worst. */
  readonly cost: number;
}

interface Walk {
  readonly roots: ReadonlySet<string>;
  readonly reads: Set<string>;
  readonly patterns: string[];
}

/** The loops that a node is in; the innermost last. */
type Loops = readonly Loop[];
interface Loop {
  readonly variable: string;
  /** Over a fact itself: the entries of all its nested lists are counted together. */
  readonly overFact: boolean;
}

const loopMethods = new Set(['all', 'exists', 'exists_one', 'filter']);
/** Steps that a call takes at worst, beside those of its arguments. */
const functions: ReadonlyMap<string, number> = new Map([
  ['size', 1],
  ['startsWith', 1],
  ['endsWith', 1],
  ['contains', 20],
  ['lowerAscii', 50],
  ['upperAscii', 50],
  ['trim', 20],
  ['string', 1],
  ['int', 1],
  ['reMatch', 10],
]);
const hints: ReadonlyMap<string, string> = new Map([
  ['matches', 'use reMatch(text, "pattern"), which takes time linear in the text'],
  ['has', 'a fact that does not apply is empty, and one that could not be derived denies; for a map use "key" in map'],
  ['map', 'use exists, all or filter on the list itself'],
]);

/** @throws Error that says what of the expression is not taken, and what to write instead */
export function walk(ast: ASTNode, roots: ReadonlySet<string>): Walked {
  const state: Walk = { roots, reads: new Set(), patterns: [] };
  const cost = visit(ast, state, []);
  if (cost > limits.cost)
    throw new Error(`it may take ${cost} steps, more than ${limits.cost}: do less within a loop, or split it`);
  return { reads: state.reads, patterns: state.patterns, cost };
}

/** The steps that a node takes at worst. */
function visit(node: ASTNode, state: Walk, loops: Loops): number {
  switch (node.op) {
    case 'value':
      return 1;
    case 'id':
      if (state.roots.has(node.args)) throw new Error(`${node.args} alone is no value: name a member of it`);
      return 1;
    case '.':
      return access(node.args[0], node.args[1], state, loops);
    case '[]':
      return 1 + sum(node.args, state, loops);
    case 'call':
      return call(node.args[0], node.args[1], state, loops);
    case 'rcall':
      return method(node.args, state, loops);
    case 'in':
      return 1 + times(node.args[1], loops) / 10 + sum(node.args, state, loops);
    case '==':
    case '!=':
      return equality(node.args, state, loops) + sum(node.args, state, loops);
    case '+':
      // It may join lists: once that is cheap, in a loop it is not.
      return (loops.length === 0 ? 1 : 50) + sum(node.args, state, loops);
    case '!_':
    case '-_':
      return 1 + visit(node.args, state, loops);
    case 'list':
      return 1 + sum(node.args, state, loops);
    case '?:':
    case '||':
    case '&&':
    case '-':
    case '*':
    case '/':
    case '%':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return 1 + sum(node.args, state, loops);
    default:
      throw new Error(`${node.op} is not taken in a condition`);
  }
}

const sum = (nodes: readonly ASTNode[], state: Walk, loops: Loops): number =>
  nodes.reduce((steps, each) => steps + visit(each, state, loops), 0);

/** Of two facts it may be one of whole lists. */
function equality(sides: readonly [ASTNode, ASTNode], state: Walk, loops: Loops): number {
  const whole = sides.every((side) => {
    const root = rootOf(side);
    return root === undefined ? side.op !== 'value' : state.roots.has(root);
  });
  return whole && loops.length > 0 ? 100 : 3;
}

function access(left: ASTNode, member: string, state: Walk, loops: Loops): number {
  if (left.op !== 'id' || !state.roots.has(left.args)) return 1 + visit(left, state, loops);
  state.reads.add(`${left.args}.${member}`);
  return 2;
}

function call(name: string, args: readonly ASTNode[], state: Walk, loops: Loops): number {
  if (name === 'reMatch') pattern(args[1], state);
  return stepsOf(name) + sum(args, state, loops);
}

function stepsOf(name: string): number {
  const steps = functions.get(name);
  if (steps !== undefined) return steps;
  const hint = hints.get(name);
  throw new Error(`${name} is not taken in a condition${hint === undefined ? '' : `: ${hint}`}`);
}

function pattern(node: ASTNode | undefined, state: Walk): void {
  if (node?.op !== 'value' || typeof node.args !== 'string')
    throw new Error('the pattern of reMatch is a literal: reMatch(text, "^web-")');
  state.patterns.push(node.args);
}

function method(
  [name, receiver, args]: readonly [string, ASTNode, readonly ASTNode[]],
  state: Walk,
  loops: Loops,
): number {
  if (!loopMethods.has(name)) return stepsOf(name) + sum([receiver, ...args], state, loops);
  const [variable, body] = args;
  if (variable?.op !== 'id' || body === undefined) throw new Error(`${name} takes a variable and a condition`);
  if (state.roots.has(variable.args) || loops.some((loop) => loop.variable === variable.args))
    throw new Error(`the loop variable ${variable.args} hides another name`);
  if (loops.length >= limits.loops) throw new Error(`loops stand at most ${limits.loops} deep in each other`);
  const inside = visit(body, state, [...loops, { variable: variable.args, overFact: isMember(receiver, state) }]);
  return visit(receiver, state, loops) + 1 + times(receiver, loops) * inside;
}

/** How often a loop over this runs at worst: over the lists of each element of a fact, no more than once more for each. */
function times(node: ASTNode, loops: Loops): number {
  const loop = loops.at(-1);
  return loop?.overFact === true && rootOf(node) === loop.variable ? 1 : entriesOf(node);
}

const isMember = (node: ASTNode, state: Walk): boolean =>
  node.op === 'rcall' && node.args[0] === 'filter'
    ? isMember(node.args[1], state)
    : node.op === '.' && state.roots.has(rootOf(node) ?? '');

/** The name that a chain of members begins with. */
function rootOf(node: ASTNode): string | undefined {
  if (node.op === '.' || node.op === '[]') return rootOf(node.args[0]);
  return node.op === 'id' ? node.args : undefined;
}

/** How many entries a list or map has at worst. */
function entriesOf(node: ASTNode): number {
  if (node.op === 'list') return node.args.length;
  if (node.op === '+') return entriesOf(node.args[0]) + entriesOf(node.args[1]);
  if (node.op === '?:') return Math.max(entriesOf(node.args[1]), entriesOf(node.args[2]));
  if (node.op === 'rcall' && node.args[0] === 'filter') return entriesOf(node.args[1]);
  return limits.entries;
}
