import type { KubeObject } from './json.ts';
import type { Kind } from './kinds.ts';
import { nameOf, namespaceOf, uidOf } from './object.ts';

type Resource = Pick<Kind, 'group' | 'resource'>;

/** Both event groups serve the same objects, as in the real server. */
const storeName = ({ group, resource }: Resource): string =>
  resource === 'events' && group === 'events.k8s.io' ? '/events' : `${group}/${resource}`;

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

/** The objects, as etcd would hold them: whole, versioned by one counter, handed out as copies. */
export class Store {
  private readonly resources = new Map<string, Map<string, KubeObject>>();
  private version = 1000;

  get resourceVersion(): string {
    return String(this.version);
  }

  get(kind: Resource, namespace: string, name: string): KubeObject | undefined {
    return copy(this.resources.get(storeName(kind))?.get(keyOf(namespace, name)));
  }

  /** In the order of their keys; of all namespaces when `namespace` is undefined. */
  list(kind: Resource, namespace?: string): KubeObject[] {
    const entries = [...(this.resources.get(storeName(kind)) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    return entries
      .filter(([, object]) => namespace === undefined || namespaceOf(object) === namespace)
      .map(([, object]) => structuredClone(object));
  }

  /** The stored objects themselves, unordered, for the controllers' scans: nobody writes into them. */
  peek(kind: Resource): readonly KubeObject[] {
    return [...(this.resources.get(storeName(kind))?.values() ?? [])];
  }

  count(kind: Resource): number {
    return this.resources.get(storeName(kind))?.size ?? 0;
  }

  /** Stores the object under a new resourceVersion, which the argument gets too. */
  put(kind: Resource, object: KubeObject): void {
    this.version += 1;
    object.metadata.resourceVersion = String(this.version);
    const name = storeName(kind);
    const objects = this.resources.get(name) ?? new Map<string, KubeObject>();
    this.resources.set(name, objects);
    objects.set(keyOf(namespaceOf(object), nameOf(object)), structuredClone(object));
  }

  remove(kind: Resource, object: KubeObject): void {
    this.version += 1;
    this.resources.get(storeName(kind))?.delete(keyOf(namespaceOf(object), nameOf(object)));
  }

  hasUid(uid: string): boolean {
    return [...this.resources.values()].some((objects) => [...objects.values()].some((each) => uidOf(each) === uid));
  }
}

const copy = (object: KubeObject | undefined): KubeObject | undefined => object && structuredClone(object);
