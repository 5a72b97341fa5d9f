import type { KubeObject } from '../json.ts';
import { asKubeObject } from '../object.ts';
import type { Schema } from '../schema.ts';
import { ApiError, type Cause } from '../status.ts';
import { appliedPaths, describePath, difference, type FieldPath, fieldsOf, isBelow } from './fields.ts';
import { type Manager, managersOf, ownsUnder, reassign, setManagers, type Writer } from './managers.ts';
import { merge, without } from './merge.ts';

interface Application {
  readonly live: KubeObject | undefined;
  /** The body, already found to have the type of its kind. */
  readonly applied: KubeObject;
  readonly schema: Schema;
  readonly writer: Writer;
  readonly force: boolean;
}

/**
 * Server-side apply (https://kubernetes.io/docs/reference/using-api/server-side-apply/): the merged object with
 * its new managedFields, before defaulting. Throws 409 with `FieldManagerConflict` causes when a value that
 * another manager owns would change and `force` is not set; equal values become co-owned.
 */
export function serverSideApply(application: Application): KubeObject {
  const { live, applied, schema, writer, force } = application;
  const before = managersOf(live);
  const others = before.filter((manager) => !isOwn(manager, writer));
  const mine = before.find((manager) => isOwn(manager, writer));
  const wanted = appliedPaths(fieldsOf(applied, schema));
  let merged = merge(live ? systemless(live) : undefined, systemless(applied), schema);
  for (const path of surrendered(mine, wanted, others)) merged = without(merged, schema, path);
  const result = asKubeObject(merged);
  if (!result) throw new Error('a merged object has lost its type');
  const after = fieldsOf(result, schema);
  const { changed } = difference(fieldsOf(live, schema), after);
  const conflicts = others.flatMap((manager) => fieldsIn(manager, changed));
  if (conflicts.length > 0 && !force) throw conflictError(conflicts);
  setManagers(result, reassign(before, writer, wanted, changed, after));
  return result;
}

const isOwn = (manager: Manager, writer: Writer): boolean =>
  manager.name === writer.name && manager.operation === 'Apply' && manager.subresource === writer.subresource;

/** Neither preconditions nor the old entries take part in the merge. */
function systemless(object: KubeObject): KubeObject {
  const { resourceVersion: _version, managedFields: _managers, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** What this manager owned, no longer sends, and nobody else owns: the deepest paths come last. */
function surrendered(mine: Manager | undefined, wanted: Set<FieldPath>, others: Manager[]): FieldPath[] {
  const isWanted = (path: FieldPath): boolean => [...wanted].some((other) => other === path || isBelow(other, path));
  return [...(mine?.paths ?? [])]
    .filter((path) => !isWanted(path) && !others.some((manager) => ownsUnder(manager, path)))
    .sort();
}

interface Clash {
  readonly manager: Manager;
  readonly path: FieldPath;
}

const fieldsIn = (manager: Manager, changed: Set<FieldPath>): Clash[] =>
  [...manager.paths].filter((path) => changed.has(path)).map((path) => ({ manager, path }));

function conflictError(clashes: Clash[]): ApiError {
  const causes = clashes.map(
    ({ manager, path }): Cause => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${describeManager(manager)}`,
      field: describePath(path),
    }),
  );
  const count = clashes.length === 1 ? '1 conflict' : `${clashes.length} conflicts`;
  return new ApiError(409, 'Conflict', `Apply failed with ${count}: ${summary(clashes)}`, {
    causes,
  });
}

function describeManager({ name, subresource, operation, apiVersion, time }: Manager): string {
  const sub = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  const at = operation === 'Update' && time !== '' ? ` at ${time}` : '';
  return operation === 'Update'
    ? `${JSON.stringify(name)}${sub} using ${apiVersion}${at}`
    : `${JSON.stringify(name)}${sub}`;
}

function summary(clashes: Clash[]): string {
  const texts = clashes.map(({ manager }) => `conflict with ${describeManager(manager)}`);
  const managers = [...new Set(texts)];
  const fieldsBy = (text: string): string[] =>
    clashes.filter((_, index) => texts[index] === text).map(({ path }) => describePath(path));
  const [first] = clashes;
  if (clashes.length === 1 && first) return `${managers[0]}: ${describePath(first.path)}`;
  return managers
    .map(
      (text) =>
        `${text}:\n${fieldsBy(text)
          .map((field) => `- ${field}`)
          .join('\n')}`,
    )
    .join('\n');
}
