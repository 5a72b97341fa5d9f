import { CountersignError } from '../domain/errors.ts';
import { checkName, checkNamespace, type ObjectRef, type ResourceType } from '../domain/resource.ts';

const segment = encodeURIComponent;

/** Of all objects of a type, in one namespace or in all. @throws Invalid for a namespace that is none */
export function collectionPath(type: ResourceType, namespace: string | undefined): string {
  const root = type.group === '' ? '/api' : `/apis/${segment(checkName(type.group, 'API group'))}`;
  const version = segment(checkName(type.version, 'API version'));
  const resource = segment(checkName(type.resource, 'resource'));
  if (namespace === undefined) return `${root}/${version}/${resource}`;
  if (!type.namespaced) {
    throw new CountersignError('Internal', `${type.resource} are not namespaced, but a namespace was given`);
  }
  return `${root}/${version}/namespaces/${segment(checkNamespace(namespace))}/${resource}`;
}

/** Of one object or of one subresource that we know by name. @throws Invalid for a name that would reach something else */
export function objectPath(object: ObjectRef, subresource?: 'scale' | 'exec' | 'log'): string {
  if (object.type.namespaced && object.namespace === undefined) {
    throw new CountersignError('Internal', `${object.type.resource} are namespaced, but no namespace was given`);
  }
  const path = `${collectionPath(object.type, object.namespace)}/${segment(checkName(object.name))}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** With its `?`; empty if nothing is asked. A list repeats the name. */
export function query(parameters: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    for (const each of typeof value === 'string' ? [value] : value) parts.push(`${name}=${segment(each)}`);
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
