import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

/** A YAML file that was checked, and where its parts stand. */
export interface Parsed<T> {
  readonly value: T;
  /** `never.yaml:12`: the line of the member at this path, or of the nearest one above it. */
  where(path: readonly PropertyKey[]): string;
}

/** @throws Error that names the file, and each fault with its line and path */
export function parseYamlFile<S extends z.ZodType>(text: string, file: string, schema: S): Parsed<z.output<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, lineCounter: lines, merge: true });
  const at = (offset: number): string => `${file}:${lines.linePos(offset).line}`;
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw new Error(`${at(problem.pos[0])}: ${problem.message.split('\n')[0]}`);
  const where = (path: readonly PropertyKey[]): string => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return at(node.range[0]);
    }
    return `${file}:1`;
  };
  const result = schema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (result.success) return { value: result.data, where };
  throw new Error(result.error.issues.flatMap((issue) => faults(issue, [], where)).join('\n'));
}

type Issue = z.core.$ZodIssue;

/** What was meant instead of a key that rules of other systems have. */
const instead: Readonly<Record<string, string>> = {
  kind: 'a rule names `resources`, such as deployments.apps, since kinds are ambiguous',
  kinds: 'a rule names `resources`, such as deployments.apps, since kinds are ambiguous',
  condition: 'conditions are a list under `when`',
  names: 'say `when: ["call.name == \'…\'"]`',
  groups: 'groups of the caller stand under `match.principal`, groups of approvers under `require`',
};

function faults(
  issue: Issue,
  above: readonly PropertyKey[],
  where: (path: readonly PropertyKey[]) => string,
): string[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => said([...path, key], `unknown key${hint(key)}`, where));
  if (issue.code === 'invalid_union') {
    const fewest = [...issue.errors].sort((a, b) => a.length - b.length)[0];
    if (fewest !== undefined && fewest.length > 0) return fewest.flatMap((each) => faults(each, path, where));
  }
  return [said(path, issue.message.replace(/^Invalid input: /, ''), where)];
}

const hint = (key: string): string => (Object.hasOwn(instead, key) ? `: ${instead[key]}` : '');

const said = (path: readonly PropertyKey[], message: string, where: (path: readonly PropertyKey[]) => string): string =>
  `${where(path)}: ${path.map(String).join('.') || 'the file'}: ${message}`;
