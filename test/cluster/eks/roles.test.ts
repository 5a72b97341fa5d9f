/**
 * The whole way on a real API server: roles from the emulated STS, tokens verified from the specification, the rights of
 * docs/kubernetes, every tool; and what the API server's own log says of it.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { JsonObject } from '../../../src/domain/json.ts';
import { type AgentRig, startAgent } from '../../support/agent.ts';
import { type EksApi, startEksApi } from '../../support/aws/api-proxy.ts';
import { applyDocumented, type Documented } from '../../support/aws/documented.ts';
import { account, FakeAws, region, roleArn, tagsOf } from '../../support/aws/server.ts';
import { type AuditLine, type Kube, readAudit } from '../../support/control-plane/kube.ts';
import { controlPlane, needs, testKube, testNamespace } from '../../support/control-plane/namespace.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { manifest } from '../../support/manifests.ts';

const tiers = { plan: 'planner', read: 'reader', write: 'writer', exec: 'exec', secretReader: 'masker' } as const;
const groupOf = { plan: 'plan', read: 'read', write: 'write', exec: 'exec', secretReader: 'mask' } as const;
const reason = 'to see it';
let aws: FakeAws;
let api: EksApi;
let kube: Kube;
let namespace: string;
let rights: Documented;
let agent: AgentRig;

beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  kube = await testKube();
  namespace = await testNamespace({ 'countersign.dev/environment': 'test' });
  rights = await applyDocumented(kube, namespace);
  aws = new FakeAws();
  await aws.start();
  const entries = Object.entries(groupOf).map(([tier, group]) => [`cs-${tier}`, rights.group(group)] as const);
  api = await startEksApi(aws, 'shop', new Map(entries));
  aws.clusters.set('shop', { arn: clusterArn, endpoint: api.url, ca: api.caCert });
  for (const tier of Object.keys(tiers)) aws.roles.set(roleArn(`cs-${tier}`), trust(tier));
  const core = `/api/v1/namespaces/${namespace}`;
  await kube.create(`${core}/pods`, manifest('pod', namespace));
  await kube.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, manifest('deployment', namespace));
  await kube.create(`${core}/secrets`, manifest('secret', namespace));
  await waitUntil('the pod runs', async () => {
    const pod = await kube.get(`${core}/pods/shell`);
    return pod?.status?.containerStatuses?.[0]?.state?.running !== undefined;
  });
  agent = await startAgent({ config: { clusters: { shop: cluster() } }, env: aws.environment() });
}, 120_000);

afterAll(async () => {
  await agent?.close();
  await api?.close();
  await aws?.stop();
  await rights?.remove();
  await kube?.close();
});

const clusterArn = `arn:aws:eks:${region}:${account}:cluster/shop`;

/** Trust policies as docs/eks.md has them: the base identity, the external id, and for changes the tag of an approval. */
const trust =
  (tier: string) =>
  (caller: string, parameters: Readonly<Record<string, string>>): boolean => {
    const tags = tagsOf({ action: '', parameters, caller });
    const named = tags['countersign:agent'] !== undefined && parameters.ExternalId === 'shop-42';
    const changes = tier === 'write' || tier === 'exec';
    return caller.endsWith(':user/base') && named && (!changes || /^cs-/.test(tags['countersign:approval'] ?? ''));
  };

const cluster = (): JsonObject => ({
  eks: { cluster: 'shop', region, externalId: 'shop-42', endpoints: { sts: aws.url, eks: aws.url } },
  namespace,
  tiers: Object.fromEntries(
    Object.entries(tiers).map(([tier, user]) => [tier, { roleArn: roleArn(`cs-${tier}`), user: rights.user(user) }]),
  ),
});

/** What the API server logged of the sessions of one role since the test began. */
async function logged(tier: keyof typeof tiers): Promise<readonly AuditLine[]> {
  const path = controlPlane().auditLogPath;
  if (path === undefined) throw new Error('this test needs a control plane of its own');
  const lines = await readAudit(path);
  const prefix = `arn:aws:sts::${account}:assumed-role/cs-${tier}/`;
  return lines.filter(({ user, impersonatedUser }) => {
    return user.username.startsWith(prefix) && impersonatedUser?.username === rights.user(tiers[tier]);
  });
}
const configMap = (data: JsonObject) =>
  stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace }, data });
const both = ['ana@example.com', 'bo@example.com'] as const;
const status = ({ structured }: { structured: { status?: unknown } }) => structured.status;

describe('the documented rights are enough', () => {
  it('to read, Secrets masked', async () => {
    for (const input of [
      { resource: 'pods' },
      { resource: 'deploy', name: 'web' },
      { resource: 'pods', name: 'shell', output: 'describe' },
      { resource: 'secrets', name: 'db' },
      { resource: 'namespaces' },
    ])
      expect(status(await agent.call('get', input)), JSON.stringify(input)).toBe('ok');
  });

  it('to apply, scale and delete, each approved', async () => {
    const apply = await agent.approved('apply', { manifest: configMap({ mode: 'one' }), reason });
    expect(status(apply), apply.text).toBe('executed');
    const again = await agent.approved('apply', { manifest: configMap({ mode: 'two' }), reason });
    expect(status(again), again.text).toBe('executed');
    const scale = await agent.approved('scale', { resource: 'deploy', name: 'web', replicas: 3, reason });
    expect(status(scale), scale.text).toBe('executed');
    const gone = await agent.approved('delete', { resource: 'configmaps', name: 'settings', reason });
    expect(status(gone), gone.text).toBe('executed');
  });

  it('to run a program whose output is masked', async () => {
    const ran = await agent.approved('exec', { pod: 'shell', command: ['echo', 'ran here'], reason }, both);
    expect(status(ran), ran.text).toBe('executed');
    expect(ran.text).toContain('ran here');
  });
});

describe('what the API server and AWS wrote down', () => {
  it('names agent, person and approval of every change, and nothing was changed by another role', async () => {
    const [write, exec] = [await logged('write'), await logged('exec')];
    expect(write.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`)).toEqual(
      expect.arrayContaining(['patch configmaps', 'patch deployments', 'delete configmaps']),
    );
    expect(write.every(({ verb }) => verb === 'patch' || verb === 'delete')).toBe(true);
    expect(exec.every(({ objectRef }) => objectRef?.subresource === 'exec')).toBe(true);
    expect(exec.length).toBeGreaterThan(0);
    for (const { impersonatedUser, user } of [...write, ...exec]) {
      const extra = (impersonatedUser?.extra ?? {}) as Record<string, string[]>;
      expect(extra['countersign.dev/agent']?.[0]).toMatch(/^local:/);
      expect(extra['countersign.dev/person']).toEqual(['li@example.com']);
      const approval = extra['countersign.dev/approval']?.[0] ?? '';
      expect(approval).toMatch(/^cs-/);
      expect(user.username).toContain(`-${approval}-`);
    }
    for (const tier of ['plan', 'read', 'secretReader'] as const) {
      const lines = await logged(tier);
      expect(lines.length, tier).toBeGreaterThan(0);
      const changing = lines.filter(
        ({ verb, requestURI }) => !/get|list|watch/.test(verb) && !requestURI.includes('dryRun=All'),
      );
      expect(changing, tier).toEqual([]);
    }
  });

  it('tags each session of a change with its approval, and asks AWS once for all reads of an agent', async () => {
    const assumed = aws.calls.filter(({ action }) => action === 'AssumeRole');
    const of = (tier: string) => assumed.filter(({ parameters }) => parameters.RoleArn === roleArn(`cs-${tier}`));
    expect(of('read')).toHaveLength(1);
    expect(of('write').map((call) => tagsOf(call)['countersign:approval'])).toHaveLength(4);
    expect(new Set(of('write').map((call) => tagsOf(call)['countersign:approval'])).size).toBe(4);
    expect(of('exec')).toHaveLength(1);
  });

  it('keeps no credentials of a role on disk', async () => {
    const secrets = [...aws.keys.values()]
      .filter(({ arn }) => arn.includes('assumed-role'))
      .map(({ secret }) => secret);
    const audit = JSON.stringify(await agent.audit());
    const config = await readFile(agent.configFile, 'utf8');
    for (const secret of secrets) expect(audit.includes(secret) || config.includes(secret)).toBe(false);
    expect(audit).not.toContain('k8s-aws-v1');
  });
});

describe('doctor', () => {
  const doctor = async (): Promise<{ level: string; check: string; what: string }[]> => {
    const program = join(import.meta.dirname, '../../../dist/countersign.cjs');
    const env = { PATH: process.env.PATH, HOME: agent.state, COUNTERSIGN_STATE: agent.state, ...aws.environment() };
    const args = [program, 'doctor', '--json', '--config', agent.configFile];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env }).catch(
      (thrown: unknown) => thrown as { stdout: string },
    );
    return JSON.parse(stdout).findings;
  };

  it('finds the documented rights good, and says what is too much', async () => {
    const good = await doctor();
    const of = (findings: typeof good, check: string) => findings.filter((each) => each.check === check);
    expect(
      of(good, 'rights').map(({ level }) => level),
      JSON.stringify(good),
    ).toEqual(Array(5).fill('ok'));
    expect(of(good, 'planner')).toMatchObject([{ level: 'ok' }]);
    expect(of(good, 'aws')).toMatchObject([{ what: expect.stringContaining(':user/base') }]);
    const binding = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/too-much`;
    await kube.apply(
      binding,
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'too-much', namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: rights.user('reader') }],
      },
      'documented',
    );
    const bad = of(await doctor(), 'rights').filter(({ level }) => level === 'FAIL');
    await kube.send('DELETE', binding);
    expect(bad.map(({ what }) => what).join('\n')).toContain(
      'clusters.shop.tiers.read may delete Pods, which it must not',
    );
  });
});

describe('the documented rights refuse', () => {
  const as = (tier: keyof typeof tiers) => ({ 'impersonate-user': rights.user(tiers[tier]) });
  const refusals: readonly [string, keyof typeof tiers, string, string, unknown?][] = [
    ['a write by the reader', 'read', 'PATCH', 'configmaps/none', { data: { a: 'b' } }],
    ['a delete by the reader', 'read', 'DELETE', 'pods/shell'],
    ['a program by the reader', 'read', 'GET', 'pods/shell/exec?command=id&stdout=true'],
    ['a delete by the planner', 'plan', 'DELETE', 'pods/shell'],
    ['a program by the planner', 'plan', 'POST', 'pods/shell/exec?command=id&stdout=true'],
    ['a token by the planner', 'plan', 'POST', 'serviceaccounts/default/token', {}],
    ['a program by the writer', 'write', 'POST', 'pods/shell/exec?command=id&stdout=true'],
    ['a read of Secrets by the writer', 'write', 'GET', 'secrets/db'],
    ['a write by exec', 'exec', 'PATCH', 'configmaps/none', { data: { a: 'b' } }],
    ['a read of Secrets by exec', 'exec', 'GET', 'secrets/db'],
    ['a write by the masker', 'secretReader', 'PATCH', 'secrets/db', { data: {} }],
  ];
  it.each(refusals)('%s', async (_, tier, method, path, body) => {
    const answer = await kube.send(method, `/api/v1/namespaces/${namespace}/${path}`, body, as(tier));
    expect(answer.status, JSON.stringify(answer.body)).toBe(403);
  });

  it.each(Object.keys(tiers) as (keyof typeof tiers)[])('Secrets of other namespaces, to %s', async (tier) => {
    const path = '/api/v1/namespaces/kube-system/secrets';
    expect((await kube.send('GET', path, undefined, as(tier))).status).toBe(403);
    const patch = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } };
    expect((await kube.send('POST', `${path}?dryRun=All`, patch, as(tier))).status).toBe(403);
  });

  it.each(Object.keys(tiers) as (keyof typeof tiers)[])('rights, roles and other users, to %s', async (tier) => {
    const reviews = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    const groups = { user: rights.user(tiers[tier]), groups: ['system:authenticated'] };
    for (const resourceAttributes of [
      { verb: 'impersonate', resource: 'users' },
      { verb: 'impersonate', resource: 'users', name: rights.user('writer') },
      { verb: 'impersonate', resource: 'groups', name: 'system:masters' },
      { verb: 'escalate', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
      { verb: 'patch', group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies' },
      { verb: 'get', resource: 'nodes', subresource: 'proxy' },
    ]) {
      const body = {
        kind: 'SubjectAccessReview',
        apiVersion: 'authorization.k8s.io/v1',
        spec: { ...groups, resourceAttributes },
      };
      const answer = await kube.send('POST', reviews, body);
      expect((answer.body as { status: { allowed: boolean } }).status.allowed, JSON.stringify(resourceAttributes)).toBe(
        false,
      );
    }
  });

  it('the role of a read to become the writer, and any other user, and to do anything as itself', async () => {
    const reviews = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    const may = async (tier: keyof typeof tiers, resourceAttributes: object): Promise<boolean> => {
      const spec = { user: 'arn', groups: [rights.group(groupOf[tier]), 'system:authenticated'], resourceAttributes };
      const answer = await kube.send('POST', reviews, {
        kind: 'SubjectAccessReview',
        apiVersion: 'authorization.k8s.io/v1',
        spec,
      });
      return (answer.body as { status: { allowed: boolean } }).status.allowed;
    };
    for (const tier of Object.keys(tiers) as (keyof typeof tiers)[]) {
      for (const [other, user] of Object.entries(tiers))
        expect(await may(tier, { verb: 'impersonate', resource: 'users', name: rights.user(user) })).toBe(
          other === tier,
        );
      expect(await may(tier, { verb: 'impersonate', resource: 'users', name: 'system:admin' })).toBe(false);
      expect(await may(tier, { verb: 'get', resource: 'pods', namespace })).toBe(false);
    }
  });
});
