import { once } from 'node:events';
import { rootCertificates } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Kube, type KubeAccess, readAudit, readKubeconfig } from '../../support/control-plane/kube.ts';
import { nodeName, podLogLines } from '../../support/control-plane/kwok-config.ts';
import { controlPlane, needs, testKube, testNamespace } from '../../support/control-plane/namespace.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';

// On somebody's own cluster there is no audit log to read, and no client certificate of ours.
const startedHere = !process.env.COUNTERSIGN_TEST_KUBECONFIG;
let kube: Kube;
let namespace: string;

beforeAll(async () => {
  kube = await testKube();
  namespace = await testNamespace({ 'countersign.dev/environment': 'test' });
  return () => kube.close();
});

describe('the API server', () => {
  it('is ready, in the version that the modules pin', async () => {
    expect((await kube.send('GET', '/readyz')).body).toBe('ok');
    expect(await kube.get('/version')).toMatchObject({ gitVersion: 'v1.36.3', major: '1', minor: '36' });
  });

  it('knows nobody without a credential, and lets a user without rights do nothing', async () => {
    const { users } = controlPlane();
    const path = `/api/v1/namespaces/${namespace}/secrets`;
    expect((await kube.as({ token: 'made-up' }).send('GET', path)).status).toBe(401);
    expect((await kube.as(users.nobody).send('GET', path)).status).toBe(403);
  });

  it('takes the rights that a test binds to a user', async () => {
    const reader = controlPlane().users['countersign-reader'];
    await kube.create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: reader.username }],
    });
    const as = kube.as(reader);
    const listed = await waitUntil('the binding counts', async () => {
      const answer = await as.send('GET', `/api/v1/namespaces/${namespace}/pods`);
      return answer.status === 200 && answer;
    });
    expect(listed.status).toBe(200);
  });

  it.runIf(startedHere)('takes the client certificate of the second kubeconfig', async () => {
    const path = controlPlane().certificateKubeconfigPath;
    if (path === undefined) throw new Error('a cluster that was started here has one');
    const access = await readKubeconfig(path);
    expect(access.token).toBeUndefined();
    const withCertificate = new Kube(access);
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const who = await withCertificate.create('/apis/authentication.k8s.io/v1/selfsubjectreviews', review);
    expect(who.status.userInfo).toMatchObject({ username: 'countersign-test-certificate' });
    expect(who.status.userInfo.groups).toContain('system:masters');
    await withCertificate.close();
  });

  it('is refused when another authority is pinned', async () => {
    const access = await readKubeconfig(controlPlane().kubeconfigPath);
    const stranger = new Kube({ ...access, ca: rootCertificates[0] ?? '' });
    await expect(stranger.send('GET', '/readyz')).rejects.toThrow(/certificate|self-signed|issuer/);
  });

  it.runIf(startedHere)('writes our Audit-ID into its audit log before it answers', async () => {
    const auditID = `test-${namespace}`;
    await kube.send('GET', `/api/v1/namespaces/${namespace}/configmaps`, undefined, { 'audit-id': auditID });
    const log = controlPlane().auditLogPath;
    if (log === undefined) throw new Error('a cluster that was started here has one');
    const lines = (await readAudit(log)).filter((line) => line.auditID === auditID);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      stage: 'ResponseComplete',
      verb: 'list',
      user: { username: 'countersign-test-admin' },
      objectRef: { resource: 'configmaps', namespace },
      responseStatus: { code: 200 },
    });
  });
});

/** What the command wrote to stdout, over the WebSocket protocol that kubectl speaks (channel 1 of v5). */
async function exec(access: KubeAccess, pod: string, argv: string[]): Promise<string> {
  const query = new URLSearchParams({ container: 'web', stdout: 'true' });
  for (const argument of argv) query.append('command', argument);
  const url = `${access.server.replace('https:', 'wss:')}${pod}/exec?${query}`;
  const identity = access.token === undefined ? {} : { headers: { authorization: `Bearer ${access.token}` } };
  const socket = new WebSocket(url, 'v5.channel.k8s.io', {
    ca: access.ca,
    cert: access.cert,
    key: access.key,
    ...identity,
  });
  const frames: Buffer[] = [];
  socket.on('message', (frame: Buffer) => frames.push(frame));
  await once(socket, 'close');
  return Buffer.concat(frames.filter((frame) => frame[0] === 1).map((frame) => frame.subarray(1))).toString('utf8');
}

describe('what kwok plays', () => {
  const pod = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] },
  });

  it('runs a pod on the node, with a container id and an address', async () => {
    needs('controllerManager', 'scheduler', 'kwok');
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    await kube.create(pods, pod('runs'));
    const running = await waitUntil('the pod runs', async () => {
      const found = await kube.get(`${pods}/runs`);
      return found?.status?.phase === 'Running' && found;
    });
    expect(running.spec.nodeName).toBe(nodeName);
    expect(running.status.podIP).toMatch(/^10\.244\./);
    const [status] = running.status.containerStatuses;
    expect(status).toMatchObject({ name: 'web', ready: true, restartCount: 0, image: 'registry.example/web:1' });
    expect(status.containerID).toBe(`kwok://${running.metadata.uid}-web`);
    expect(Date.parse(status.state.running.startedAt)).not.toBeNaN();

    expect(await kube.text(`${pods}/runs/log`)).toBe(podLogLines.map((line) => `${line}\n`).join(''));

    const { kubeconfigPath } = controlPlane();
    expect(await exec(await readKubeconfig(kubeconfigPath), `${pods}/runs`, ['echo', 'hello', 'pod'])).toBe(
      'hello pod\n',
    );

    await kube.delete(`${pods}/runs`);
    await waitUntil('the pod is gone', async () => (await kube.get(`${pods}/runs`)) === undefined);
  });

  it('rolls a Deployment out', async () => {
    needs('controllerManager', 'scheduler', 'kwok');
    const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    const labels = { app: 'web' };
    await kube.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas: 3, selector: { matchLabels: labels }, template: { ...pod('web'), metadata: { labels } } },
    });
    const done = await waitUntil('three replicas are available', async () => {
      const found = await kube.get(`${deployments}/web`);
      return found?.status?.availableReplicas === 3 && found;
    });
    expect(done.status.unavailableReplicas ?? 0).toBe(0);
  });

  it('completes a Job', async () => {
    needs('controllerManager', 'scheduler', 'kwok');
    const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
    await kube.create(jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once' },
      spec: { template: { spec: { ...pod('once').spec, restartPolicy: 'Never' } } },
    });
    await waitUntil('the job succeeded', async () => (await kube.get(`${jobs}/once`))?.status?.succeeded === 1);
  });
});

describe('the controller manager', () => {
  it('finishes deleting a namespace and what is in it', async () => {
    needs('controllerManager');
    const name = `${namespace}-short`;
    await kube.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await kube.create(`/api/v1/namespaces/${name}/configmaps`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'inside' },
    });
    await kube.delete(`/api/v1/namespaces/${name}`);
    await waitUntil('the namespace is gone', async () => (await kube.get(`/api/v1/namespaces/${name}`)) === undefined);
  });
});
