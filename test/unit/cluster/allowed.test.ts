import { describe, expect, it } from 'vitest';
import { checkAllowed } from '../../../src/cluster/allowed.ts';
import type { ResourceType } from '../../../src/domain/resource.ts';
import { type } from './fake-server.ts';

const all = ['create', 'delete', 'get', 'list', 'patch'];
const objectOf = (changes: Partial<ResourceType>) => ({
  type: type({ verbs: all, ...changes }),
  namespace: 'shop',
  name: 'x',
});
const apply = (changes: Partial<ResourceType>) => () =>
  checkAllowed({ action: 'apply', mode: 'create', object: objectOf(changes), body: {}, forceConflicts: false });
const exec = (changes: Partial<ResourceType>) => () =>
  checkAllowed({
    action: 'exec',
    object: objectOf(changes),
    container: 'c',
    command: ['x'],
    timeoutSeconds: 1,
    uid: 'u',
    containerId: '',
    restartCount: 0,
    startedAt: '',
  });

describe('the closed table of what may be sent', () => {
  it.each([
    { group: 'authentication.k8s.io', resource: 'tokenreviews', kind: 'TokenReview' },
    { group: 'authentication.k8s.io', resource: 'tokenrequests', kind: 'TokenRequest' },
    { group: 'authorization.k8s.io', resource: 'subjectaccessreviews', kind: 'SubjectAccessReview' },
    { group: 'authorization.k8s.io', resource: 'localsubjectaccessreviews', kind: 'LocalSubjectAccessReview' },
    { group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview' },
    { group: 'authorization.k8s.io', resource: 'selfsubjectrulesreviews', kind: 'SelfSubjectRulesReview' },
    { resource: 'bindings', kind: 'Binding' },
    { group: 'policy', resource: 'evictions', kind: 'Eviction' },
    { resource: 'pods/exec', kind: 'Pod' },
    { resource: 'nodes/proxy', kind: 'Node' },
    { resource: 'serviceaccounts/token', kind: 'ServiceAccount' },
    {
      group: 'certificates.k8s.io',
      resource: 'certificatesigningrequests/approval',
      kind: 'CertificateSigningRequest',
    },
  ])('holds back an apply of $resource', (changes) => {
    expect(apply(changes)).toThrow('never sent');
  });

  it('lets ordinary kinds through, and a CRD that borrows a name', () => {
    expect(apply({})).not.toThrow();
    expect(apply({ group: 'apps', resource: 'deployments', kind: 'Deployment' })).not.toThrow();
    expect(apply({ group: 'shop.example', resource: 'bindings', kind: 'Binding', servedBy: 'crd' })).not.toThrow();
  });

  it('goes by the verbs that the server offers', () => {
    expect(apply({ verbs: ['create'] })).toThrow('never sent');
    const object = objectOf({ verbs: ['create'] });
    expect(() => checkAllowed({ action: 'get', object, representation: 'object' })).toThrow('never sent');
    const scale = { action: 'scale', object: objectOf({}), replicas: 1, uid: 'u' } as const;
    expect(() => checkAllowed(scale)).toThrow('patch configmaps/scale');
  });

  it('runs commands in pods alone', () => {
    expect(exec({ resource: 'pods', kind: 'Pod' })).not.toThrow();
    expect(exec({ resource: 'nodes', kind: 'Node' })).toThrow('create nodes/exec');
    expect(exec({ resource: 'pods', kind: 'Pod', group: 'metrics.k8s.io' })).toThrow('never sent');
  });
});
