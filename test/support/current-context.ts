import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Our configuration names a context; the tests' kubeconfig may be somebody's own. */
export function currentContext(kubeconfig: string): string {
  const name: unknown = parse(readFileSync(kubeconfig, 'utf8'))['current-context'];
  if (typeof name === 'string' && name !== '') return name;
  throw new Error(`${kubeconfig} has no current-context`);
}
