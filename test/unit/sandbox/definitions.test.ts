import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, startClient } from './client.ts';

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'kiosks.shop.example' },
  spec: {
    group: 'shop.example',
    scope: 'Namespaced',
    names: { plural: 'kiosks', singular: 'kiosk', kind: 'Kiosk', shortNames: ['ki'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [{ name: 'Password', type: 'string', jsonPath: '.spec.password' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  replicas: { type: 'integer' },
                  password: { type: 'string' },
                  loose: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  doors: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['id'],
                    items: { type: 'object', properties: { id: { type: 'string' }, open: { type: 'boolean' } } },
                  },
                },
              },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
};
const definitionPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/kiosks.shop.example';
const kiosks = '/apis/shop.example/v1/namespaces/shop/kiosks';
const kiosk = (spec: Record<string, unknown>) => ({
  apiVersion: 'shop.example/v1',
  kind: 'Kiosk',
  metadata: { name: 'one' },
  spec,
});

describe('discovery', () => {
  let client: Client;
  beforeAll(async () => {
    client = await startClient();
  });
  afterAll(() => client.sandbox.stop());

  it('lists the built-in resources in two aggregated answers', async () => {
    const core = await client.get('/api', aggregated);
    expect(core.headers.get('content-type')).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    );
    const resources = core.body.items[0].versions[0].resources;
    const pods = resources.find((each: { resource: string }) => each.resource === 'pods');
    expect(pods).toMatchObject({
      responseKind: { group: '', version: 'v1', kind: 'Pod' },
      scope: 'Namespaced',
      singularResource: 'pod',
      shortNames: ['po'],
      categories: ['all'],
    });
    expect(pods.verbs).not.toContain('watch');
    expect(pods.subresources.map((each: { subresource: string }) => each.subresource)).toEqual(['exec', 'log']);
    const groups = (await client.get('/apis', aggregated)).body.items;
    const apps = groups.find((group: { metadata: { name: string } }) => group.metadata.name === 'apps');
    const deployments = apps.versions[0].resources.find(
      (each: { resource: string }) => each.resource === 'deployments',
    );
    expect(deployments.subresources).toEqual([
      {
        subresource: 'scale',
        responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
        verbs: ['get', 'patch'],
      },
    ]);
  });

  it('answers older clients too', async () => {
    expect((await client.get('/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    expect((await client.get('/apis')).body.kind).toBe('APIGroupList');
    expect((await client.get('/apis/apps/v1')).body.resources.map((each: { name: string }) => each.name)).toContain(
      'deployments/scale',
    );
    expect((await client.get('/apis/apps')).body).toMatchObject({ kind: 'APIGroup', name: 'apps' });
  });
});

describe('custom resources', () => {
  let client: Client;
  beforeAll(async () => {
    client = await startClient();
  });
  afterAll(() => client.sandbox.stop());

  it('are served from the moment of their definition until its end', async () => {
    const early = await client.apply(`${kiosks}/one`, kiosk({}));
    expect([early.status, early.text]).toEqual([404, '404 page not found\n']);
    expect((await client.apply(definitionPath, definition, '&dryRun=All')).status).toBe(201);
    expect((await client.get(kiosks)).status).toBe(404);
    expect((await client.apply(definitionPath, definition)).status).toBe(201);
    const { conditions } = (await client.get(definitionPath)).body.status;
    expect(conditions.map((each: { type: string }) => each.type)).toContain('Established');
    const groups = (await client.get('/apis', aggregated)).body.items;
    expect(groups.map((group: { metadata: { name: string } }) => group.metadata.name)).toContain('shop.example');
    expect((await client.apply(`${kiosks}/one`, kiosk({ replicas: 2, password: 'p' }))).status).toBe(201);

    const ending = await client.remove(definitionPath, {});
    expect(ending.body.metadata.finalizers).toEqual(['customresourcecleanup.apiextensions.k8s.io']);
    expect((await client.get(definitionPath)).status).toBe(404);
    expect((await client.get(kiosks)).text).toBe('404 page not found\n');
  });

  it('need a definition that names itself and what it serves', async () => {
    const empty = { ...definition, spec: {} };
    const reply = await client.apply(definitionPath, empty);
    expect([reply.status, reply.body.details.causes.length]).toEqual([422, 4]);
    const other = { ...definition, metadata: { name: 'other.shop.example' } };
    expect((await client.apply(definitionPath.replace('kiosks.', 'other.'), other)).status).toBe(422);
  });

  it('are merged, typed, printed and scaled as their definition says', async () => {
    await client.apply(definitionPath, definition);
    const path = `${kiosks}/one`;
    await client.apply(path, kiosk({ replicas: 1, doors: [{ id: 'a', open: true }] }), '', 'first');
    await client.apply(
      path,
      kiosk({ password: 'p', loose: { any: { thing: 1 } }, doors: [{ id: 'b' }] }),
      '',
      'second',
    );
    const { spec } = (await client.get(path)).body;
    expect(spec).toEqual({
      replicas: 1,
      password: 'p',
      loose: { any: { thing: 1 } },
      doors: [{ id: 'a', open: true }, { id: 'b' }],
    });
    const unknown = await client.apply(path, kiosk({ colour: 'red' }));
    expect([unknown.status, unknown.body.message]).toEqual([
      500,
      expect.stringContaining('.spec.colour: field not declared in schema'),
    ]);
    const table = (await client.get(kiosks, 'application/json;as=Table;g=meta.k8s.io;v=v1')).body;
    expect(table.rows[0].cells).toEqual(['one', 'p']);
    const scale = (await client.get(`${path}/scale`)).body;
    expect(scale.spec.replicas).toBe(1);
    // The real server does not compare the uid here.
    const scaled = await client.merge(`${path}/scale`, { metadata: { uid: 'other' }, spec: { replicas: 4 } });
    expect([scaled.status, (await client.get(path)).body.spec.replicas]).toEqual([200, 4]);
    const version = scale.metadata.resourceVersion;
    expect(
      (await client.merge(`${path}/scale`, { metadata: { resourceVersion: version }, spec: { replicas: 5 } })).status,
    ).toBe(409);
  });
});
