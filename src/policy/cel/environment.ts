import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import type { FactFields, FactType } from '../../domain/facts/specs/type.ts';
import { limits } from './limits.ts';
import { typeName, type View, viewOf } from './values.ts';

/** What conditions are parsed and checked in: the roots that they may name, with the type of each member. */
export interface CelEnvironment {
  /** @throws Error for what is no expression */
  parse(expression: string): ParseResult;
  /** What a condition sees of a root; made once a target, shared by all conditions. */
  readonly views: ReadonlyMap<string, View>;
}

/** Answers a `reMatch`; the patterns of an expression are compiled when it is loaded. */
export type MatchPattern = (text: string, pattern: string) => boolean;

/** Deterministic: no time, no random, no type that is found out at run time only. */
export function createEnvironment(roots: { readonly [root: string]: FactFields }, match: MatchPattern): CelEnvironment {
  const environment = new Environment({
    limits: {
      maxAstNodes: limits.astNodes,
      maxDepth: limits.depth,
      maxListElements: limits.literalElements,
      maxMapEntries: 0,
      maxCallArguments: 4,
    },
  });
  const views = new Map<string, View>();
  for (const [root, fields] of Object.entries(roots)) {
    const view = viewOf(root, fields, (name, { ctor, fields: members }) => {
      const types = Object.entries(members).map(([member, type]) => [member, celName(typeName(name, member), type)]);
      environment.registerType(name, { ctor, fields: Object.fromEntries(types) });
    });
    environment.registerVariable(root, root);
    views.set(root, view);
  }
  environment.registerFunction('reMatch(string, string): bool', (text: string, pattern: string) =>
    match(text, pattern),
  );
  return { parse: (expression) => environment.parse(expression), views };
}

const celName = (name: string, type: FactType): string => {
  if (typeof type === 'string') return type.replace(',', ', ');
  return 'fields' in type ? name : `list<${name}>`;
};
