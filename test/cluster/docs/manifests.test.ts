import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Kube } from '../../support/control-plane/kube.ts';
import { testKube, testNamespace } from '../../support/control-plane/namespace.ts';
import { documentedManifests, type Manifest } from '../../support/documented-manifests.ts';

let kube: Kube;
let namespace: string;
beforeAll(async () => {
  kube = await testKube();
  namespace = await testNamespace();
});
afterAll(() => kube?.close());

const pathOf = ({ apiVersion, kind, metadata }: Manifest): string => {
  const resource = `${kind.toLowerCase()}${kind.endsWith('y') ? '' : 's'}`.replace(/y$/, 'ies');
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const where = metadata.namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${root}${where}/${resource}/${metadata.name}`;
};
/** In the namespace of the test, because a dry-run makes none. */
const here = (object: Manifest): object =>
  object.metadata.namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };

const dryRun = 'dryRun=All&fieldValidation=Strict&fieldManager=documented&force=true';
const apply = (object: Manifest) =>
  kube.send('PATCH', `${pathOf(object)}?${dryRun}`, here(object), { 'content-type': 'application/apply-patch+yaml' });

it.each(documentedManifests().map(({ file, object }) => [file, object.kind, object.metadata.name, object] as const))(
  'the API server takes %s: %s %s, every field of it',
  async (_file, _kind, _name, object) => {
    const { status, body } = await apply(object);
    expect([status, JSON.stringify(body).slice(0, 500)]).toEqual([expect.toBeOneOf([200, 201]), expect.any(String)]);
  },
);

it('and would not take a field that is misspelt', async () => {
  const service = documentedManifests().find(({ object }) => object.kind === 'Service')?.object;
  if (service === undefined) throw new Error('no Service');
  const { status, body } = await apply({ ...service, spec: { slector: {} } });
  expect([status >= 400, JSON.stringify(body)]).toEqual([true, expect.stringContaining('slector')]);
});
