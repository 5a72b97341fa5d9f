import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { compose } from '../../src/compose.ts';
import type { Composition } from '../../src/composition.ts';
import { loadConfig } from '../../src/config.ts';
import type { Approval } from '../../src/domain/approval.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { atEnd } from './at-end.ts';
import { expectJoined } from './audit-join.ts';
import { checkAuditLines } from './audit-lines.ts';
import { type Kube, readKubeconfig } from './control-plane/kube.ts';
import { controlPlane, testKube, testNamespace } from './control-plane/namespace.ts';
import { waitUntil } from './control-plane/wait-until.ts';
import { listening } from './http-listening.ts';
import { type Oidc, resource, startOidc } from './identity/oidc.ts';

export const program = join(import.meta.dirname, '../../dist/countersign.cjs');
const clusterIssuer = 'https://kubernetes.default.svc.cluster.local';
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The built server over HTTP in front of the real API server; its callers are people of an identity provider and service accounts. */
export interface HttpCluster {
  readonly url: string;
  readonly namespace: string;
  readonly kube: Kube;
  readonly oidc: Oidc;
  readonly folder: string;
  /** As whom the API server is written to. */
  readonly writer: string;
  readonly office: Composition;
  /** A token of the service account `deployer`, as the kubelet projects it into a pod. */
  workloadToken(): Promise<string>;
  /** A file that holds a token. */
  tokenFile(name: string, token: string): Promise<string>;
  /** The approval that waits, once there is one. */
  held(): Promise<Approval>;
  approve(id: string, by: string): Promise<Approval>;
  /** `countersign …` as the operator runs it. */
  operator(...args: readonly string[]): Promise<string>;
}

/** Everything is ended when the calling file is done. Call it in beforeAll. */
export async function startHttpCluster(rules: readonly JsonObject[]): Promise<HttpCluster> {
  const namespace = await testNamespace();
  const kube = await testKube();
  const oidc = await startOidc();
  const folder = await mkdtemp(join(tmpdir(), 'cs-http-cluster-'));
  const state = join(folder, 'state');
  const config = join(folder, 'countersign.yaml');
  await mkdir(join(folder, 'policy'));
  await writeFile(join(folder, 'policy', 'rules.yaml'), JSON.stringify({ rules }));
  await writeFile(config, stringify(await configOf(oidc, namespace, folder)), { mode: 0o600 });
  await tiersMayAll(kube, namespace);
  await kube.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'deployer' },
  });
  const env = { PATH: process.env.PATH ?? '', HOME: folder, COUNTERSIGN_STATE: state, COUNTERSIGN_CONFIG: config };
  const server = spawn(process.execPath, [program, 'serve', '--http', '127.0.0.1:0'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const url = `${(await listening(server)).url}/mcp`;
  const { config: loaded } = await loadConfig(config, env);
  const office = await compose(loaded, { sandbox: false, serves: false, env, log: quiet });
  atEnd(async () => {
    if (server.exitCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    await office.close();
    await oidc.close();
    await kube.close();
    await expectJoined(
      state,
      ['plan', 'read', 'write'].map((tier) => `cs-${tier}-${namespace}`),
    );
    checkAuditLines(join(state, 'audit'));
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  return {
    ...{ url, namespace, kube, oidc, folder, office, writer: `cs-write-${namespace}` },
    workloadToken: () => projected(kube, namespace),
    tokenFile: async (name, token) => {
      await writeFile(join(folder, name), `${token}\n`, { mode: 0o600 });
      return join(folder, name);
    },
    held: () => waitUntil('a call is held', async () => (await office.approvals.list({ open: true }))[0]),
    approve: (id, by) => {
      const person = office.people.byId(by);
      if (person === undefined) throw new Error(`nobody is called ${by}`);
      return office.approvals.vote(id, { person, decision: 'approve', comment: 'fine', channel: 'terminal' });
    },
    operator: async (...args) => (await promisify(execFile)(process.execPath, [program, ...args], { env })).stdout,
  };
}

async function configOf(oidc: Oidc, namespace: string, folder: string): Promise<JsonObject> {
  const { kubeconfigPath, server, caPath } = controlPlane();
  const { token } = await readKubeconfig(kubeconfigPath);
  const tokenFile = join(folder, 'issuer-token');
  await writeFile(tokenFile, token ?? '', { mode: 0o600 });
  const jwksUri = `${server}/openid/v1/jwks`;
  const deployer = { issuer: clusterIssuer, subject: `system:serviceaccount:${namespace}:deployer` };
  const tier = (name: string) => ({ user: `cs-${name}-${namespace}` });
  return {
    identity: {
      resource,
      issuers: [
        { issuer: oidc.issuer, subjects: 'people' },
        { issuer: clusterIssuer, subjects: 'workloads', jwksUri, ca: caPath, tokenFile },
      ],
    },
    people: [
      { id: 'li@example.com', subjects: [{ issuer: oidc.issuer, subject: 'li' }], owns: [deployer] },
      { id: 'ana@example.com', groups: ['sre'], osUsers: ['ana'] },
      { id: 'bo@example.com', groups: ['sre'], osUsers: ['bo'] },
    ],
    clusters: {
      test: {
        kubeconfig: kubeconfigPath,
        context: 'countersign-test',
        namespace,
        tiers: { plan: tier('plan'), read: tier('read'), write: tier('write') },
      },
    },
    approvals: { local: 'sudo', askedPerHour: 1_000 },
    policy: { folder: join(folder, 'policy') },
    limits: { callsPerSecond: 1_000, inFlight: 100 },
  };
}

/** What the tiers may do is tested elsewhere; here their names matter. */
async function tiersMayAll(kube: Kube, namespace: string): Promise<void> {
  const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
  const name = `cs-tiers-${namespace}`;
  await kube.create(bindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: ['plan', 'read', 'write'].map((tier) => ({
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'User',
      name: `cs-${tier}-${namespace}`,
    })),
  });
  atEnd(async () => {
    const own = await testKube();
    await own.delete(`${bindings}/${name}`);
    await own.close();
  });
}

async function projected(kube: Kube, namespace: string): Promise<string> {
  const answer = await kube.create(`/api/v1/namespaces/${namespace}/serviceaccounts/deployer/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [resource], expirationSeconds: 600 },
  });
  return String(answer.status.token);
}
