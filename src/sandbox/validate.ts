import type { Json, JsonObject, KubeObject } from './json.ts';
import { equal, isObject, listAt, numberAt, objectAt, stringAt, valueAt } from './json.ts';
import type { Kind } from './kinds.ts';
import { nameFaults } from './names.ts';
import { finalizersOf, nameOf } from './object.ts';
import { type FieldFault, invalid, invalidValue, required } from './status.ts';

/** Throws 422 for what the API server's validation refuses, as far as the sandbox knows the kind. */
export function validateCreate(object: KubeObject, kind: Kind): void {
  refuse(object, kind, [...nameFaults(nameOf(object), kind.group, kind.kind), ...contentFaults(object, kind)]);
}

/** As validateCreate, and for fields that may not change after creation. */
export function validateUpdate(before: KubeObject, after: KubeObject, kind: Kind): void {
  refuse(after, kind, [...contentFaults(after, kind), ...immutableFaults(before, after, kind)]);
}

function refuse(object: KubeObject, kind: Kind, faults: FieldFault[]): void {
  if (faults.length > 0) throw invalid(kind, nameOf(object), faults);
}

function contentFaults(object: KubeObject, kind: Kind): FieldFault[] {
  const faults = labelFaults(object);
  if (kind.scale && kind.columns === undefined) faults.push(...replicaFaults(valueAt(object, 'spec', 'replicas')));
  if (kind.group === 'apps') faults.push(...workloadFaults(objectAt(object, 'spec')));
  if (kind.kind === 'Job' && kind.group === 'batch') faults.push(...podFaults(object, ['spec', 'template', 'spec']));
  if (kind.kind === 'Pod' && kind.group === '') faults.push(...podFaults(object, ['spec']));
  if (kind.kind === 'Service' && kind.group === '') faults.push(...serviceFaults(objectAt(object, 'spec')));
  if (kind.kind === 'ConfigMap' && kind.group === '') faults.push(...keyFaults(object, 'data'));
  if (kind.kind === 'Secret' && kind.group === '') faults.push(...keyFaults(object, 'data'));
  if (kind.kind === 'CustomResourceDefinition') faults.push(...definitionFaults(object));
  return faults;
}

/** A definition without its names would be served nowhere, or in place of something else. */
function definitionFaults(definition: KubeObject): FieldFault[] {
  const paths = ['spec.group', 'spec.scope', 'spec.names.plural', 'spec.names.kind'];
  const missing = paths.filter((path) => !stringAt(definition, ...path.split('.')));
  if (missing.length > 0) return missing.map((path) => required(path));
  const name = `${stringAt(definition, 'spec', 'names', 'plural')}.${stringAt(definition, 'spec', 'group')}`;
  if (name === nameOf(definition)) return [];
  return [invalidValue('metadata.name', nameOf(definition), 'must be spec.names.plural+"."+spec.group')];
}

export const replicaFaults = (replicas: Json | undefined, field = 'spec.replicas'): FieldFault[] =>
  typeof replicas === 'number' && replicas < 0
    ? [invalidValue(field, replicas, 'must be greater than or equal to 0')]
    : [];

const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const labelFaults = (object: KubeObject): FieldFault[] =>
  Object.values(objectAt(object.metadata, 'labels'))
    .filter((value) => typeof value === 'string' && !labelValue.test(value))
    .map((value) =>
      invalidValue(
        'metadata.labels',
        value,
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      ),
    );

function workloadFaults(spec: JsonObject): FieldFault[] {
  const faults = podFaults({ spec }, ['spec', 'template', 'spec']);
  const wanted = objectAt(spec, 'selector', 'matchLabels');
  if (!isObject(spec.selector)) return [required('spec.selector'), ...faults];
  const labels = objectAt(spec, 'template', 'metadata', 'labels');
  const matches = Object.entries(wanted).every(([key, value]) => labels[key] === value);
  if (!matches)
    faults.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  return faults;
}

function podFaults(root: JsonObject, path: string[]): FieldFault[] {
  const at = `${path.join('.')}.containers`;
  const containers = listAt(root, ...path, 'containers');
  if (containers.length === 0) return [required(at)];
  return containers.flatMap((container, index) => [
    ...(stringAt(container, 'name') ? [] : [required(`${at}[${index}].name`)]),
    ...(stringAt(container, 'image') ? [] : [required(`${at}[${index}].image`)]),
  ]);
}

function serviceFaults(spec: JsonObject): FieldFault[] {
  if (spec.type === 'ExternalName' || spec.clusterIP === 'None') return [];
  const ports = listAt(spec, 'ports');
  if (ports.length === 0) return [required('spec.ports')];
  return ports.flatMap((port, index) => {
    const number = numberAt(port, 'port') ?? 0;
    const isValid = number >= 1 && number <= 65535;
    return isValid ? [] : [invalidValue(`spec.ports[${index}].port`, number, 'must be between 1 and 65535, inclusive')];
  });
}

const keyFaults = (object: KubeObject, field: string): FieldFault[] =>
  Object.keys(objectAt(object, field))
    .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key))
    .map((key) =>
      invalidValue(
        `${field}[${key}]`,
        key,
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ),
    );

function immutableFaults(before: KubeObject, after: KubeObject, kind: Kind): FieldFault[] {
  const faults: FieldFault[] = [];
  if (kind.group === 'apps' && !equal(valueAt(before, 'spec', 'selector'), valueAt(after, 'spec', 'selector')))
    faults.push(invalidValue('spec.selector', valueAt(after, 'spec', 'selector'), 'field is immutable'));
  if (kind.kind === 'Pod' && kind.group === '') faults.push(...podChangeFaults(before, after));
  const isData = (kind.kind === 'ConfigMap' || kind.kind === 'Secret') && kind.group === '';
  if (isData && before.immutable === true && !equal(before.data, after.data))
    faults.push({
      reason: 'FieldValueForbidden',
      field: 'data',
      message: 'Forbidden: field is immutable when `immutable` is set',
    });
  if (kind.kind === 'Secret' && kind.group === '' && before.type !== after.type)
    faults.push(invalidValue('type', after.type, 'field is immutable'));
  const added = finalizersOf(after).filter((name) => !finalizersOf(before).includes(name));
  if (stringAt(before.metadata, 'deletionTimestamp') && added.length > 0)
    faults.push({
      reason: 'FieldValueForbidden',
      field: 'metadata.finalizers',
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
    });
  return faults;
}

/** Pods may change little; the refusal quotes the whole spec, values of env included, as the real one does. */
function podChangeFaults(before: KubeObject, after: KubeObject): FieldFault[] {
  if (equal(fixedPart(before), fixedPart(after))) return [];
  const what =
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
  const message = `Forbidden: ${what}\n  core.PodSpec${JSON.stringify(after.spec ?? {})}\n`;
  return [{ reason: 'FieldValueForbidden', field: 'spec', message }];
}

function fixedPart(pod: KubeObject): JsonObject {
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, ...spec } = objectAt(pod, 'spec');
  const imageless = (list: Json[]): Json[] => list.map((each) => (isObject(each) ? { ...each, image: '' } : each));
  return {
    ...spec,
    containers: imageless(listAt(spec, 'containers')),
    initContainers: imageless(listAt(spec, 'initContainers')),
  };
}
