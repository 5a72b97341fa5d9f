import { expect, it } from 'vitest';
import { deriveFacts } from '../../../src/domain/facts/derive.ts';
import type { Seen } from '../../../src/domain/facts/seen.ts';
import { open } from '../../../src/domain/masked.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { risksOf } from '../../../src/gate/answer/risks.ts';
import { createMasker } from '../../../src/masking/masker.ts';
import { applied, deleted, deployment, execed, ref, scaled, type, types } from '../domain/facts/seen.ts';

const masker = createMasker({
  secretReader: () => ({
    listSecrets: async () => ({ secrets: [], resourceVersion: '' }),
    watchSecrets: async () => undefined,
  }),
  log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
});
const risks = (...seen: Seen[]): readonly string[] => {
  const { risks: dangerous, notes } = levels(...seen);
  return [...dangerous, ...notes];
};
const levels = (...seen: Seen[]) => {
  const plan: Plan = {
    cluster: { name: 'test', uid: 'u', caDigest: 'h' },
    principal: { issuer: 'local', subject: 'ann', agent: 'bot', groups: [], verified: false },
    tool: 'apply',
    requests: seen.map(({ request }) => request),
    effects: seen.flatMap(({ effect }) => effect ?? []),
    facts: deriveFacts({ seen, namespaceLabels: {} }),
    planDigest: 'sha256:0',
    manifestDigests: [],
    notes: [],
  };
  const found = risksOf(masker, plan);
  return { risks: found.risks.map(open), notes: found.notes.map(open) };
};
const web = ref(types.deployments);
const pod = (more: object) => deployment({ containers: [{ name: 'web', image: 'nginx', ...more }] }, 1);

it('says the worst first', () => {
  const privileged = pod({ securityContext: { privileged: true } });
  const found = risks(
    applied(
      web,
      { body: privileged, before: { metadata: { labels: { 'argocd.argoproj.io/instance': 'x' } } } },
      { warnings: ['w'] },
    ),
  );
  expect(found[0]).toBe('has a privileged container');
  expect(found).toContain('takes images from a public registry: nginx');
  expect(found).toContain('has images that are not pinned by digest: nginx');
  expect(found.indexOf('is kept by argocd, which may change it back')).toBeGreaterThan(0);
  expect(found).toContain('the API server warns (1)');
});

it('says that a binding gives cluster-admin, before anything else', () => {
  const bindings = type('clusterrolebindings', 'ClusterRoleBinding', 'rbac.authorization.k8s.io', false);
  expect(risks(applied(ref(bindings), { body: { roleRef: { name: 'cluster-admin' } } }))[0]).toBe(
    'gives cluster-admin',
  );
});

it('tells a shell from a program', () => {
  expect(risks(execed(['ls']))).toEqual(['runs a program in a container', 'its effect is not known before it runs']);
  expect(risks(execed(['sh'], 'id'))[0]).toBe('runs a shell in a container, with commands on its standard input');
});

it('counts what goes with a delete, and says where it could not', () => {
  expect(risks(deleted(web, { deletesWith: [{ resourceGroup: 'pods', count: 3 }] }))).toEqual([
    'deletes deployments.apps shop/web',
    '3 other objects go with it',
    'affects up to 3 pods',
  ]);
  expect(risks(deleted(web, { deletesWith: [{ resourceGroup: 'pods', count: undefined }] }))).toContain(
    'what goes with it could not be counted',
  );
});

it('names the objects of a call with several, once for what they have in common', () => {
  const found = risks(
    scaled(web, 3, 0),
    scaled(ref(types.deployments, 'db'), 3, 0),
    scaled(ref(types.deployments, 'x'), 1, 2),
  );
  expect(found).toContain('scales to zero, from 3 (Deployment/shop/web, Deployment/shop/db)');
});

it('has nothing to say of a harmless change', () => {
  expect(risks(applied(ref(types.configMaps), { body: { data: {} } }))).toEqual([]);
});

it('keeps what is only to be borne in mind apart from what is dangerous', () => {
  const asked = (body: object) => levels(applied(web, { body: pod(body) }, { warnings: ['w'] }));
  expect(asked({}).risks).toEqual([]);
  expect(asked({}).notes).toContain('has images that are not pinned by digest: nginx');
  expect(asked({ securityContext: { privileged: true } }).risks).toEqual(['has a privileged container']);
});
