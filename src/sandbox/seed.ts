import { canonical, type JsonObject, type KubeObject } from './json.ts';
import { apiVersionOf } from './kinds.ts';
import { asKubeObject, namespaceOf, timestamp } from './object.ts';
import type { World } from './world.ts';
import { storeNew } from './write.ts';

const namespace = (name: string, labels: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const inShop = (name: string): JsonObject => ({ name, namespace: 'shop', labels: { app: name } });
const secretKey = (key: string): JsonObject => ({ secretKeyRef: { name: 'db', key } });

/** Read by nobody and accepted by nothing: they only have the form of the real ones. */
const secret: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: inShop('db'),
  type: 'Opaque',
  data: { username: base64('shop_writer'), password: base64('sandbox-only-T4ble-Lamp-91') },
};

const config: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: inShop('web-config'),
  data: { 'settings.yaml': 'currency: EUR\ncheckout: enabled\n', LOG_LEVEL: 'info' },
};

const service: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: inShop('web'),
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }] },
};

const web: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: inShop('web'),
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'registry.example/web:1.4.1',
            ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
            env: [
              { name: 'LOG_LEVEL', valueFrom: { configMapKeyRef: { name: 'web-config', key: 'LOG_LEVEL' } } },
              { name: 'DB_USER', valueFrom: secretKey('username') },
              { name: 'DB_PASSWORD', valueFrom: secretKey('password') },
            ],
            volumeMounts: [{ name: 'config', mountPath: '/etc/web' }],
            resources: { requests: { cpu: '100m', memory: '64Mi' } },
          },
        ],
        volumes: [{ name: 'config', configMap: { name: 'web-config' } }],
      },
    },
  },
};

const node: KubeObject = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'sandbox-node', labels: { 'kubernetes.io/hostname': 'sandbox-node', 'kubernetes.io/os': 'linux' } },
};

/** The demo's world: a shop whose web Deployment reads a Secret, all of it made with `kubectl apply`. */
export const seed: readonly KubeObject[] = [
  namespace('kube-system'),
  namespace('kube-public'),
  namespace('default'),
  namespace('shop', { 'countersign.dev/environment': 'development' }),
  node,
  secret,
  config,
  service,
  web,
];

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Stores the first objects as `kubectl apply` would have: its manager owns every field, the annotation repeats them. */
export function plant(world: World, objects: readonly KubeObject[]): void {
  for (const given of objects) {
    const kind = world.kinds.byKind(given.apiVersion, given.kind);
    if (!kind)
      throw new Error(`the sandbox cannot be seeded with ${given.apiVersion} ${given.kind}: it does not know the kind`);
    const object = asKubeObject(structuredClone(given));
    if (!object) throw new Error('a seed object has lost its type');
    if (kind.namespaced && namespaceOf(object) === '') object.metadata.namespace = 'default';
    if (kind.namespaced) annotate(object, given);
    storeNew(world, kind, object, false, {
      name: 'kubectl-client-side-apply',
      operation: 'Update',
      apiVersion: apiVersionOf(kind),
      subresource: '',
      time: timestamp(world.now()),
    });
  }
}

function annotate(object: KubeObject, given: KubeObject): void {
  const annotations = object.metadata.annotations;
  const kept =
    typeof annotations === 'object' && annotations !== null && !Array.isArray(annotations) ? annotations : {};
  object.metadata.annotations = { ...kept, [lastApplied]: `${canonical(given)}\n` };
}
