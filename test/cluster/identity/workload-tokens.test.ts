import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Kube, readKubeconfig } from '../../support/control-plane/kube.ts';
import { controlPlane, testKube, testNamespace } from '../../support/control-plane/namespace.ts';
import { authenticatorOf, presented, refused } from '../../support/identity/authenticator.ts';
import { resource } from '../../support/identity/oidc.ts';

const issuer = 'https://kubernetes.default.svc.cluster.local';
let kube: Kube;
let namespace: string;
let folder: string;

beforeAll(async () => {
  kube = await testKube();
  namespace = await testNamespace();
  folder = await mkdtemp(join(tmpdir(), 'cs-workload-'));
  await kube.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'deployer' },
  });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await kube.close();
});

/** A token of the service account, as the kubelet projects it into a pod. */
async function projected(audiences: readonly string[]): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/deployer/token`;
  const answer = await kube.send('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences, expirationSeconds: 600 },
  });
  const { status } = answer.body as { status: { token: string } };
  return status.token;
}

/** The cluster as an issuer: its keys come through its API, with its authority pinned and a token that it wants for them. */
async function authenticator(people: readonly unknown[] = []) {
  const { token } = await readKubeconfig(controlPlane().kubeconfigPath);
  const tokenFile = join(folder, 'server-token');
  await writeFile(tokenFile, token ?? '');
  const cluster = {
    subjects: 'workloads',
    introspection: undefined,
    jwksUri: `${controlPlane().server}/openid/v1/jwks`,
    ca: controlPlane().caPath,
    tokenFile,
  };
  return authenticatorOf({ issuer }, { issuer: cluster, people });
}

it('a service account is the agent, and its owner in the registry the person behind it', async () => {
  const subject = `system:serviceaccount:${namespace}:deployer`;
  const people = [{ id: 'ana@example.com', owns: [{ issuer, subject }] }];
  const { principal, scopes } = await (await authenticator(people)).authenticate(
    presented(await projected([resource])),
  );
  expect(principal).toEqual({ issuer, subject, agent: subject, groups: [], person: 'ana@example.com', verified: true });
  expect(scopes).toContain('countersign:write');
});

it('its token for the API server, or for somebody else, is refused', async () => {
  const checks = await authenticator();
  for (const audiences of [[issuer], ['https://vault.example.com']]) {
    const challenge = await refused(checks.authenticate(presented(await projected(audiences))));
    expect(challenge.description).toContain('another server');
  }
});

it('its token with another signature is refused', async () => {
  const token = await projected([resource]);
  const [header, , signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'system:serviceaccount:kube-system:admin' })).toString(
    'base64url',
  );
  const challenge = await refused((await authenticator()).authenticate(presented(`${header}.${forged}.${signature}`)));
  expect(challenge.description).toBe('the signature of the token is wrong');
});

it('without the authority or the token for its keys nothing is taken: 503', async () => {
  const keys = { subjects: 'workloads', introspection: undefined, jwksUri: `${controlPlane().server}/openid/v1/jwks` };
  const token = await projected([resource]);
  const strangers = authenticatorOf({ issuer }, { issuer: keys, people: [] });
  expect(await refused(strangers.authenticate(presented(token)))).toMatchObject({ status: 503 });
  const nobody = authenticatorOf({ issuer }, { issuer: { ...keys, ca: controlPlane().caPath }, people: [] });
  expect(await refused(nobody.authenticate(presented(token)))).toMatchObject({ status: 503 });
});
