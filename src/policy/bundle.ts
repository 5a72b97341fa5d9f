import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../domain/canonical.ts';
import type { Json } from '../domain/json.ts';
import { type CompiledRules, ConditionFault, compileRules } from './compiled.ts';
import { parseYamlFile } from './parse.ts';
import { fileSchema, type Rule } from './rule.ts';

/** Rules of a folder, or why there are none: nothing in between. */
export type Bundle = GoodBundle | BrokenBundle;
export interface GoodBundle {
  readonly rules: readonly Rule[];
  readonly compiled: CompiledRules;
  readonly digest: string;
  readonly fault: undefined;
}
interface BrokenBundle {
  readonly rules: undefined;
  readonly digest: string;
  readonly fault: string;
}

/** Where a rule stands in its file, for messages. */
type Where = (path: readonly PropertyKey[]) => string;

/** Every `*.yaml` of the folder but `*.cases.yaml`. Total: whatever is wrong is the fault. */
export async function loadBundle(folder: string): Promise<Bundle> {
  try {
    const names = (await readdir(folder)).filter(isRuleFile).sort();
    if (names.length === 0) return broken(`the policy folder ${folder} has no .yaml file`);
    const places = new Map<Rule, Where>();
    const files = await Promise.all(names.map((name) => readRules(join(folder, name), places)));
    return bundleOf(files.flat(), places);
  } catch (thrown) {
    return broken(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** `.yml` is taken for a slip of the pen: a rule that silently is not there is worse than a fault. */
function isRuleFile(name: string): boolean {
  if (name.endsWith('.yml')) throw new Error(`${name}: rules stand in files that end in .yaml`);
  return name.endsWith('.yaml') && !name.endsWith('.cases.yaml');
}

/** @throws Error that names the file and each fault in it */
async function readRules(file: string, places: Map<Rule, Where>): Promise<readonly Rule[]> {
  const { value, where } = parseYamlFile(await readFile(file, 'utf8'), file, fileSchema);
  value.rules.forEach((rule, index) => {
    places.set(rule, (path) => where(['rules', index, ...path]));
  });
  return value.rules;
}

/** The order of files and rules is no part of what a bundle says, nor of its digest. */
export function bundleOf(rules: readonly Rule[], places?: ReadonlyMap<Rule, Where>): Bundle {
  if (rules.length === 0) return broken('the policy has no rules');
  const names = new Set<string>();
  for (const rule of rules) {
    if (names.has(rule.name)) return broken(at(rule, [], places, `two rules of the policy have the name ${rule.name}`));
    names.add(rule.name);
  }
  try {
    const forms = rules.map((rule) => canonicalJson(JSON.parse(JSON.stringify(rule)) as Json)).sort();
    const digest = digestOf(`[${forms.join(',')}]`);
    return { rules, compiled: compileRules(rules), digest, fault: undefined };
  } catch (thrown) {
    if (!(thrown instanceof ConditionFault)) throw thrown;
    return broken(at(thrown.rule, ['when', thrown.index], places, thrown.message));
  }
}

function at(rule: Rule, path: readonly PropertyKey[], places: ReadonlyMap<Rule, Where> | undefined, message: string) {
  const where = places?.get(rule);
  return where === undefined ? message : `${where(path)}: ${message}`;
}

/** The digest says that no bundle was in force; the fault is no part of it, since it names paths. */
const broken = (fault: string): Bundle => ({ rules: undefined, digest: digestOf('no bundle'), fault });

const digestOf = (text: string): string =>
  `sha256:${createHash('sha256').update(`countersign/bundle/v1\0${text}`).digest('hex')}`;
