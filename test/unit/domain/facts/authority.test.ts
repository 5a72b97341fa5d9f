import { describe, expect, it } from 'vitest';
import type { ObjectFacts } from '../../../../src/domain/facts/spec.ts';
import type { JsonObject } from '../../../../src/domain/json.ts';
import { applied, deleted, factsOf, got, ref, type, types } from './seen.ts';

const group = 'rbac.authorization.k8s.io';
const clusterRoles = type('clusterroles', 'ClusterRole', group, false);
const bindings = type('rolebindings', 'RoleBinding', group);
const policies = type('networkpolicies', 'NetworkPolicy', 'networking.k8s.io');
const rule = (verbs: string[], resources: string[], apiGroups = ['']) => ({ verbs, resources, apiGroups });
const role = (...rules: JsonObject[]): ObjectFacts['rbac'] =>
  factsOf(applied(ref(clusterRoles), { body: { rules } })).rbac;
const truths = (rbac: ObjectFacts['rbac']): readonly string[] =>
  Object.entries(rbac).flatMap(([name, value]) => (value ? [name] : []));

describe('a role', () => {
  it.each<[JsonObject, readonly string[]]>([
    [rule(['get', 'list'], ['pods']), []],
    [rule(['get'], ['secrets']), ['readsSecrets']],
    [rule(['create'], ['secrets']), []],
    [rule(['*'], ['*'], ['*']), ['wildcards', 'escalates', 'readsSecrets']],
    [rule(['*'], ['deployments'], ['apps']), ['wildcards', 'escalates']],
    [rule(['bind'], ['clusterroles'], [group]), ['escalates']],
    [rule(['impersonate'], ['users']), ['escalates']],
    [rule(['create'], ['serviceaccounts/token']), ['escalates']],
    [rule(['create'], ['serviceaccounts/*']), ['wildcards', 'escalates']],
    [rule(['update'], ['certificatesigningrequests/approval']), ['escalates']],
    [rule(['get'], ['nodes/proxy']), ['escalates']],
  ])('%j grants %j', (given, expected) => {
    expect(truths(role(given))).toEqual(expected);
  });

  it('grants what admission adds, and nothing when it goes', () => {
    const body = { rules: [rule(['get'], ['pods'])] };
    const after = { rules: [...body.rules, rule(['get'], ['secrets'])] };
    expect(factsOf(applied(ref(clusterRoles), { body, after })).rbac.readsSecrets).toBe(true);
    expect(truths(factsOf(deleted(ref(clusterRoles), {}, after)).rbac)).toEqual([]);
  });

  it('takes part in aggregation, as the whole or as a part', () => {
    expect(factsOf(applied(ref(clusterRoles), { body: { aggregationRule: {} } })).rbac.aggregates).toBe(true);
    const labels = { [`${group}/aggregate-to-admin`]: 'true' };
    expect(factsOf(applied(ref(clusterRoles), { body: { metadata: { labels } } })).rbac.aggregates).toBe(true);
  });
});

describe('a binding', () => {
  it.each<[string, JsonObject, readonly string[]]>([
    ['to a person', { subjects: [{ kind: 'User', name: 'ana' }], roleRef: { name: 'view' } }, []],
    ['to everybody', { subjects: [{ kind: 'Group', name: 'system:authenticated' }] }, ['bindsBroadly']],
    ['to nobody known', { subjects: [{ kind: 'User', name: 'system:anonymous' }] }, ['bindsBroadly']],
    ['to a namespace', { subjects: [{ kind: 'Group', name: 'system:serviceaccounts:shop' }] }, ['bindsBroadly']],
    ['of cluster-admin', { roleRef: { kind: 'ClusterRole', name: 'cluster-admin' } }, ['bindsClusterAdmin']],
  ])('%s', (_, body, expected) => {
    expect(truths(factsOf(applied(ref(bindings), { body })).rbac)).toEqual(expected);
  });
});

describe('who may reach the cluster', () => {
  const awsAuth = ref(types.configMaps, 'aws-auth', 'kube-system');
  const entries = type('accessentries', 'AccessEntry', 'eks.services.k8s.aws');

  it('is decided by aws-auth and access entries', () => {
    expect(factsOf(applied(awsAuth, { body: {} })).eksAccess).toBe(true);
    expect(factsOf(deleted(ref(entries))).eksAccess).toBe(true);
    expect(factsOf(got(awsAuth)).eksAccess).toBe(false);
    expect(factsOf(applied(ref(types.configMaps, 'aws-auth', 'shop'), { body: {} })).eksAccess).toBe(false);
  });

  it('is decided by the AWS role of a service account', () => {
    const annotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/admin' };
    const accounts = ref(type('serviceaccounts', 'ServiceAccount'));
    expect(factsOf(applied(accounts, { body: { metadata: { annotations } } })).iamRoles).toEqual([
      'arn:aws:iam::1:role/admin',
    ]);
  });

  it('is decided by tokens, also as a Secret that becomes one', () => {
    const token = { type: 'kubernetes.io/service-account-token' };
    expect(factsOf(applied(ref(types.secrets), { body: token })).tokenCreation).toBe(true);
    expect(factsOf(applied(ref(types.secrets), { body: token, before: token })).tokenCreation).toBe(false);
    expect(factsOf(applied(ref(types.secrets), { body: { type: 'Opaque' } })).tokenCreation).toBe(false);
  });

  it('is decided by approving a certificate', () => {
    const csr = ref(type('certificatesigningrequests', 'CertificateSigningRequest', 'certificates.k8s.io', false));
    const approved = { status: { conditions: [{ type: 'Approved' }] } };
    expect(factsOf(applied(csr, { before: {}, body: approved })).csrApproval).toBe(true);
    expect(factsOf(applied(csr, { before: approved, body: {}, after: approved })).csrApproval).toBe(false);
  });
});

describe('a network policy', () => {
  const from = (app: string) => ({ from: [{ podSelector: { matchLabels: { app } } }] });
  const policy = (ingress: JsonObject[], more: JsonObject = {}): JsonObject => ({
    spec: { podSelector: {}, policyTypes: ['Ingress'], ingress, ...more },
  });
  const facts = (before: JsonObject | undefined, body: JsonObject, of = policies) =>
    factsOf(applied(ref(of), { body, ...(before === undefined ? {} : { before }) })).networkPolicy;
  const closed = policy([from('a')]);

  it.each<[string, JsonObject | undefined, JsonObject, ObjectFacts['networkPolicy']]>([
    ['is new and closed', undefined, closed, { removed: false, opened: false }],
    ['stays', closed, closed, { removed: false, opened: false }],
    ['loses a rule', policy([from('a'), from('b')]), closed, { removed: false, opened: false }],
    ['gains a rule', closed, policy([from('a'), from('b')]), { removed: false, opened: true }],
    ['has a rule for others', closed, policy([from('b')]), { removed: false, opened: true }],
    ['lets everybody in', undefined, policy([{}]), { removed: false, opened: true }],
    [
      'lets every address in',
      undefined,
      policy([{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }]),
      { removed: false, opened: true },
    ],
    [
      'is for other pods',
      closed,
      policy([from('a')], { podSelector: { matchLabels: { x: 'y' } } }),
      { removed: true, opened: false },
    ],
    [
      'holds one direction less',
      policy([from('a')], { policyTypes: ['Ingress', 'Egress'] }),
      closed,
      { removed: true, opened: false },
    ],
  ])('%s', (_, before, body, expected) => {
    expect(facts(before, body)).toEqual(expected);
  });

  it('is removed by a delete, of the plugins too', () => {
    const calico = type('globalnetworkpolicies', 'GlobalNetworkPolicy', 'crd.projectcalico.org', false);
    expect(factsOf(deleted(ref(policies))).networkPolicy.removed).toBe(true);
    expect(factsOf(deleted(ref(calico))).networkPolicy.removed).toBe(true);
    const deny = { spec: { selector: 'all()', ingress: [{ action: 'Deny' }] } };
    expect(facts(deny, { spec: { selector: 'all()', ingress: [] } }, calico).opened).toBe(true);
  });
});
