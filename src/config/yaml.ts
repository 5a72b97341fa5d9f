import { parseDocument } from 'yaml';
import type { Fault } from './issues.ts';

/** One document, duplicate keys and warnings are errors. `refuse` makes the error out of the faults. */
export function parseYaml(text: string, refuse: (faults: readonly Fault[]) => Error): unknown {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) throw refuse(problems.map((problem) => firstLine(problem.message)));
  return document.toJS({ maxAliasCount: 100 });
}

const firstLine = (message: string): string => message.split('\n')[0]?.replace(/:$/, '') ?? message;
