import { typeFaults } from './apply/typed.ts';
import { stringAt } from './json.ts';
import type { Kind } from './kinds.ts';
import { nameOf } from './object.ts';
import { parseBody, type WriteOptions } from './options.ts';
import { alreadyExists, badRequest, invalid, required, untyped } from './status.ts';
import type { World } from './world.ts';
import { nameSuffix } from './world.ts';
import { addressed, declared, storeNew, type Written, writer } from './write.ts';

/** POST of a new object. */
export function create(world: World, kind: Kind, namespace: string, text: string, options: WriteOptions): Written {
  const warnings: string[] = [];
  const object = declared(addressed(parseBody(text), kind, namespace, undefined), kind, options.validation, warnings);
  const [fault] = typeFaults(object, kind.schema);
  if (fault)
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: json: cannot unmarshal ${fault}`,
    );
  if (object.metadata.resourceVersion !== undefined && object.metadata.resourceVersion !== '')
    throw untyped('resourceVersion should not be set on objects to be created');
  delete object.metadata.managedFields;
  const prefix = stringAt(object.metadata, 'generateName');
  if (nameOf(object) === '' && prefix) object.metadata.name = prefix + nameSuffix(world);
  if (nameOf(object) === '') throw invalid(kind, '', [required('metadata.name', 'name or generateName is required')]);
  if (world.store.get(kind, namespace, nameOf(object))) throw alreadyExists(kind, nameOf(object));
  const written = storeNew(world, kind, object, options.dryRun, writer(world, kind, options, 'Update'));
  return { ...written, warnings: [...warnings, ...written.warnings] };
}
