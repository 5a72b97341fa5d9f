import type { z } from 'zod';
import { nearest } from '../domain/nearest.ts';

/** One thing that is wrong, in words: `clusters.prod.context: is required`. */
export type Fault = string;

/** Each issue with its path; of a union the variant that was most likely meant. */
export const faultsOf = (issues: readonly z.core.$ZodIssue[], known: readonly string[]): readonly Fault[] =>
  issues.flatMap((issue) => faults(issue, [], known));

function faults(issue: z.core.$ZodIssue, above: readonly PropertyKey[], known: readonly string[]): readonly Fault[] {
  const path = [...above, ...issue.path];
  const where = path.map(String).join('.');
  const prefix = where === '' ? '' : `${where}: `;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${prefix}unknown key ${JSON.stringify(key)}${near(key, path, known)}`);
  if (issue.code === 'invalid_union') {
    const best = meant(issue.errors);
    if (best !== undefined) return best.flatMap((each) => faults(each, path, known));
  }
  if (issue.code === 'invalid_type' && issue.input === undefined && /received undefined/.test(issue.message))
    return [`${prefix}is required`];
  return [`${prefix}${issue.message.replace(/^Invalid input: /, '')}`];
}

/** The variant with the fewest complaints about its keys: the one that the writer had in mind. */
function meant(variants: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const weight = (issues: readonly z.core.$ZodIssue[]): number =>
    issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length * 2 : 1), 0);
  return [...variants].sort((a, b) => weight(a) - weight(b))[0];
}

function near(key: string, path: readonly PropertyKey[], known: readonly string[]): string {
  const [candidate] = path.length === 0 ? nearest(key, known) : [];
  return candidate === undefined ? '' : `; did you mean "${candidate}"?`;
}
