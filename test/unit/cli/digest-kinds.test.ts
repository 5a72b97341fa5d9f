import { expect, it } from 'vitest';
import { OfflineKinds } from '../../../src/cli/digest-kinds.ts';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  spec: {
    group: 'acme.example',
    names: { kind: 'Locker', plural: 'lockers' },
    versions: [
      {
        name: 'v1',
        schema: { openAPIV3Schema: { properties: { spec: { properties: { pin: { format: 'password' } } } } } },
      },
    ],
  },
};
const kinds = new OfflineKinds([definition]);

it.each([
  ['v1', 'Secret', 'secrets', ''],
  ['v1', 'Endpoints', 'endpoints', ''],
  ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', 'networking.k8s.io'],
  ['networking.k8s.io/v1', 'Ingress', 'ingresses', 'networking.k8s.io'],
  ['batch/v1', 'CronJob', 'cronjobs', 'batch'],
])('%s %s is built in, as %s', (apiVersion, kind, resource, group) => {
  expect(kinds.of({ apiVersion, kind })).toMatchObject({ resource, group, servedBy: 'built-in' });
  expect(kinds.knows({ apiVersion, kind })).toBe(true);
});

it('a kind is what its definition says', () => {
  const locker = { apiVersion: 'acme.example/v1', kind: 'Locker' };
  expect(kinds.of(locker)).toMatchObject({
    resource: 'lockers',
    servedBy: 'crd',
    declared: { passwords: ['spec.pin'] },
  });
  expect(kinds.knows(locker)).toBe(true);
  expect(kinds.knows({ apiVersion: 'acme.example/v1', kind: 'Drawer' })).toBe(false);
  expect(new OfflineKinds([]).knows(locker)).toBe(false);
});
