import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Approval } from '../../src/domain/approval.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import type { ToolResult } from '../../src/transport/client.ts';
import { type AgentOptions, type AgentRig, startAgent } from './agent.ts';
import { atEnd } from './at-end.ts';
import { expectJoined } from './audit-join.ts';
import type { Kube, KubeObject } from './control-plane/kube.ts';
import { kubeconfig } from './control-plane/kubeconfig.ts';
import { controlPlane, testKube, testNamespace } from './control-plane/namespace.ts';
import { waitUntil } from './control-plane/wait-until.ts';
import { crdManifests, manifest } from './manifests.ts';

/** An agent whose server has the real API server, under a user of its own; and a way behind the product's back. */
export interface ClusterAgent extends AgentRig {
  readonly kube: Kube;
  /** This file's namespace, which is also the agent's default. */
  readonly namespace: string;
  /** As whom the API server knows this Countersign, and nobody else. */
  readonly username: string;
  readonly kubeconfigPath: string;
  /** Of the rules that were given; undefined: the strict bundle. */
  readonly policyFolder: string | undefined;
  /** `/api/v1/namespaces/NS/pods/NAME`, or the path of the collection. */
  path(resource: string, name?: string): string;
  /** Calls without waiting for the answer, and gives the approval that it is held by. */
  hold(tool: string, input: JsonObject): Promise<{ readonly approval: Approval; readonly answer: Promise<ToolResult> }>;
}

export interface ClusterAgentOptions extends Omit<AgentOptions, 'cluster'> {
  /** The ClusterRole that Countersign has; all rights unless it is named. */
  readonly role?: string;
  /** Rules of a policy bundle of its own, in place of the strict one. */
  readonly rules?: JsonObject[];
  /** Servers with other state directories are the same user of the API server, so its log is not joined with this one's. */
  readonly sharesItsUser?: boolean;
  /** Where its kubeconfig says that the API server is. */
  readonly server?: string;
}

/** Everything is ended and removed when the calling file is done. Call it in beforeAll. */
export async function startClusterAgent(options: ClusterAgentOptions = {}): Promise<ClusterAgent> {
  const namespace = await testNamespace({ 'countersign.dev/environment': 'test' });
  const kube = await testKube();
  const folder = await mkdtemp(join(tmpdir(), 'cs-cluster-agent-'));
  const { username, token } = await ownUser(kube, namespace, options.role);
  const kubeconfigPath = join(folder, 'kubeconfig');
  const { server, caPath } = controlPlane();
  const text = kubeconfig(options.server ?? server, await readFile(caPath, 'utf8'), 'countersign', { token });
  await writeFile(kubeconfigPath, text, { mode: 0o600 });
  const policyFolder = options.rules === undefined ? undefined : await bundle(folder, options.rules);
  const policy = policyFolder === undefined ? {} : { policy: { folder: policyFolder } };
  const rig = await startAgent({
    ...options,
    config: { ...options.config, ...policy },
    cluster: { kubeconfig: kubeconfigPath, context: 'countersign-test', namespace },
  });
  atEnd(async () => {
    await rig.close();
    await kube.close();
    await rm(folder, { recursive: true, force: true });
  });
  atEnd(async () => {
    await rig.leave();
    // What never reached an API server is in no log of one.
    if (options.sharesItsUser !== true && options.server === undefined) await expectJoined(rig.state, [username]);
  });
  return {
    ...rig,
    kube,
    namespace,
    username,
    kubeconfigPath,
    policyFolder,
    path: (resource, name) => pathIn(namespace, resource, name),
    hold: async (tool, input) => {
      const answer = rig.call(tool, input);
      const asked = await Promise.race([rig.held(), answer]);
      if ('votes' in asked) return { approval: asked, answer };
      throw new Error(`${tool} was not held: ${asked.text}`);
    },
  };
}

async function bundle(parent: string, rules: readonly JsonObject[]): Promise<string> {
  const folder = join(parent, 'policy');
  await mkdir(folder);
  await writeFile(join(folder, 'rules.yaml'), JSON.stringify({ rules }));
  return folder;
}

/** A service account: the API server's log then tells its requests from those of the tests. */
export async function ownUser(
  kube: Kube,
  namespace: string,
  role = 'cluster-admin',
): Promise<{ username: string; token: string }> {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await kube.create(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'countersign' } });
  const binding = `countersign-${namespace}`;
  const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
  await kube.create(bindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: binding },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: 'countersign', namespace }],
  });
  atEnd(async () => {
    const own = await testKube();
    await own.delete(`${bindings}/${binding}`);
    await own.close();
  });
  const answer = await kube.create(`${accounts}/countersign/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  });
  return { username: `system:serviceaccount:${namespace}:countersign`, token: String(answer.status.token) };
}

const groups: Readonly<Record<string, string>> = {
  deployments: 'apps/v1',
  daemonsets: 'apps/v1',
  statefulsets: 'apps/v1',
  replicasets: 'apps/v1',
  cronjobs: 'batch/v1',
  jobs: 'batch/v1',
  ingresses: 'networking.k8s.io/v1',
  networkpolicies: 'networking.k8s.io/v1',
  horizontalpodautoscalers: 'autoscaling/v2',
  poddisruptionbudgets: 'policy/v1',
  roles: 'rbac.authorization.k8s.io/v1',
  rolebindings: 'rbac.authorization.k8s.io/v1',
  fleets: 'fixtures.countersign.dev/v1',
  widgets: 'fixtures.countersign.dev/v1',
};

/** The API path of a resource that the tests use: built-in without a group is core. */
function pathIn(namespace: string, resource: string, name?: string): string {
  const group = groups[resource];
  const root = group === undefined ? '/api/v1' : `/apis/${group}`;
  return `${root}/namespaces/${namespace}/${resource}${name === undefined ? '' : `/${name}`}`;
}

/** The plural of a fixture's kind. */
export const pluralOf = (object: KubeObject): string => {
  const kind = String(object.kind).toLowerCase();
  if (kind.endsWith('y')) return `${kind.slice(0, -1)}ies`;
  return kind.endsWith('s') ? `${kind}es` : `${kind}s`;
};

/** The fixtures' CRDs: several files use them at the same time, so nobody takes them away. */
export async function establishFixtureKinds(kube: Kube, namespace: string): Promise<void> {
  for (const name of crdManifests) {
    const definition = manifest(name);
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`;
    await kube.apply(path, definition, 'fixtures', true);
    const served = pathIn(namespace, definition.spec.names.plural);
    await waitUntil(`${definition.metadata.name} is served`, async () => {
      const list = await kube.send('GET', served);
      const groupList = await kube.send('GET', `/apis/${definition.spec.group}/v1`);
      const listed = JSON.stringify(groupList.body).includes(`"${definition.spec.names.plural}"`);
      return list.status === 200 && listed;
    });
  }
}

/** A pod of the fixtures, running. */
export async function startPod(agent: ClusterAgent, pod: KubeObject): Promise<KubeObject> {
  await agent.kube.create(agent.path('pods'), pod);
  return waitUntil(`pod ${pod.metadata.name} runs`, async () => {
    const live = await agent.kube.get(agent.path('pods', pod.metadata.name));
    return live?.status?.phase === 'Running' && live.status.containerStatuses?.[0]?.containerID ? live : undefined;
  });
}

/** A name that no other run has, for what is in no namespace. */
export const uniqueName = (prefix: string): string => `${prefix}-${randomBytes(4).toString('hex')}`;
