import { isObject, type Json, type JsonObject, type KubeObject, listAt, objectAt, stringAt, valueAt } from '../json.ts';
import { nameOf, namespaceOf } from '../object.ts';
import { badRequest } from '../status.ts';
import type { World } from '../world.ts';

/** The container that a request means: the named one, or the only one; 400 otherwise. */
export function containerOf(pod: KubeObject, name: string | null): JsonObject {
  const containers = listAt(pod, 'spec', 'containers').filter(isObject);
  const names = containers.map((each) => stringAt(each, 'name') ?? '');
  const [first] = containers;
  if (name === null && containers.length === 1 && first) return first;
  if (name === null)
    throw badRequest(`a container name must be specified for pod ${nameOf(pod)}, choose one of: [${names.join(' ')}]`);
  const found = containers.find((each) => each.name === name);
  if (!found) throw badRequest(`container ${name} is not valid for pod ${nameOf(pod)}`);
  return found;
}

/** What a Secret or ConfigMap holds, decoded, by key. */
function contents(
  world: World,
  resource: 'secrets' | 'configmaps',
  namespace: string,
  name: string,
): Map<string, string> {
  const data = objectAt(world.store.get({ group: '', resource }, namespace, name), 'data');
  const decode = (value: Json): string =>
    resource === 'secrets' ? Buffer.from(String(value), 'base64').toString() : String(value);
  return new Map(Object.entries(data).map(([key, value]) => [key, decode(value)]));
}

/** The environment of a container's process, the values of Secrets included. */
export function environmentOf(world: World, pod: KubeObject, container: JsonObject): Map<string, string> {
  const namespace = namespaceOf(pod);
  const env = new Map([
    ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ['HOSTNAME', nameOf(pod)],
  ]);
  for (const from of listAt(container, 'envFrom')) {
    const secret = stringAt(from, 'secretRef', 'name');
    const config = stringAt(from, 'configMapRef', 'name');
    const found = secret
      ? contents(world, 'secrets', namespace, secret)
      : contents(world, 'configmaps', namespace, config ?? '');
    for (const [key, value] of found) env.set((stringAt(from, 'prefix') ?? '') + key, value);
  }
  for (const entry of listAt(container, 'env')) env.set(stringAt(entry, 'name') ?? '', valueOfEntry(world, pod, entry));
  return env.set('HOME', '/root');
}

function valueOfEntry(world: World, pod: KubeObject, entry: Json): string {
  const from = valueAt(entry, 'valueFrom');
  const lookup = (resource: 'secrets' | 'configmaps', reference: string): string | undefined => {
    const name = stringAt(from, reference, 'name');
    const key = stringAt(from, reference, 'key');
    return name && key ? contents(world, resource, namespaceOf(pod), name).get(key) : undefined;
  };
  const field = stringAt(from, 'fieldRef', 'fieldPath');
  const value = lookup('secrets', 'secretKeyRef') ?? lookup('configmaps', 'configMapKeyRef');
  return value ?? (field ? stringAt(pod, ...field.split('.')) : stringAt(entry, 'value')) ?? '';
}

/** The files that a container sees: what its volumes mount, and two of /etc. */
export function filesOf(world: World, pod: KubeObject, container: JsonObject): Map<string, string> {
  const files = new Map([
    ['/etc/hostname', `${nameOf(pod)}\n`],
    ['/etc/hosts', `127.0.0.1\tlocalhost\n${stringAt(pod, 'status', 'podIP') ?? '10.244.0.2'}\t${nameOf(pod)}\n`],
  ]);
  const volumes = listAt(pod, 'spec', 'volumes');
  for (const mount of listAt(container, 'volumeMounts')) {
    const volume = volumes.find((each) => stringAt(each, 'name') === stringAt(mount, 'name'));
    const secret = stringAt(volume, 'secret', 'secretName');
    const config = stringAt(volume, 'configMap', 'name');
    const namespace = namespaceOf(pod);
    const found = secret
      ? contents(world, 'secrets', namespace, secret)
      : contents(world, 'configmaps', namespace, config ?? '');
    for (const [key, value] of found) files.set(`${stringAt(mount, 'mountPath')}/${key}`, value);
  }
  return files;
}
