import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { canonicalJson } from '../domain/canonical.ts';
import type { Json } from '../domain/json.ts';
import { fileSchema, type Rule } from './rule.ts';

/** Rules of a folder, or why there are none: nothing in between. */
export type Bundle =
  | { readonly rules: readonly Rule[]; readonly digest: string; readonly fault: undefined }
  | { readonly rules: undefined; readonly digest: string; readonly fault: string };

/** Every `*.yaml` of the folder but `*.cases.yaml`. Total: whatever is wrong is the fault. */
export async function loadBundle(folder: string): Promise<Bundle> {
  try {
    const names = (await readdir(folder))
      .filter((name) => name.endsWith('.yaml') && !name.endsWith('.cases.yaml'))
      .sort();
    if (names.length === 0) return broken(`the policy folder ${folder} has no .yaml file`);
    const files = await Promise.all(
      names.map(async (name) => parseRules(await readFile(join(folder, name), 'utf8'), join(folder, name))),
    );
    return bundleOf(files.flat());
  } catch (thrown) {
    return broken(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** @throws Error that names the file and each fault in it */
function parseRules(text: string, file: string): readonly Rule[] {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw new Error(`${file}: ${problem.message.split('\n')[0]}`);
  const result = fileSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (result.success) return result.data.rules;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
  throw new Error(`${file}: ${faults.join('; ')}`);
}

/** The order of files and rules is no part of what a bundle says, nor of its digest. */
export function bundleOf(rules: readonly Rule[]): Bundle {
  if (rules.length === 0) return broken('the policy has no rules');
  const names = rules.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return broken(`two rules of the policy have the name ${twice}`);
  const forms = rules.map((rule) => canonicalJson(JSON.parse(JSON.stringify(rule)) as Json)).sort();
  return { rules, digest: digestOf(`[${forms.join(',')}]`), fault: undefined };
}

/** The digest says that no bundle was in force; the fault is no part of it, since it names paths. */
const broken = (fault: string): Bundle => ({ rules: undefined, digest: digestOf('no bundle'), fault });

const digestOf = (text: string): string =>
  `sha256:${createHash('sha256').update(`countersign/bundle/v1\0${text}`).digest('hex')}`;
