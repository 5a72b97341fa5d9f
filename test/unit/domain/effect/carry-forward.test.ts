import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carryForward } from '../../../../src/domain/effect/carry-forward.ts';
import { ownersOf, pathsOf } from '../../../../src/domain/effect/fieldsv1.ts';
import type { JsonObject } from '../../../../src/domain/json.ts';
import { formatPath, valueAt } from '../../../../src/domain/path.ts';
import { anySpec, deployment, entry, flatten, object, part, webSpec, withManagers } from './objects.ts';

const manager = 'countersign';
const carry = (manifest: JsonObject, live: JsonObject | undefined, prune = false) =>
  carryForward({ manifest, live, manager, prune });
const thing = (set: JsonObject) => entry(manager, 'Apply', { spec: set }, { apiVersion: 'example.com/v1' });

describe('carryForward', () => {
  it('keeps the image and the other container when the manifest sets only replicas', () => {
    const spec = {
      replicas: 2,
      template: {
        spec: {
          containers: [
            { name: 'log', image: 'log:1' },
            { name: 'web', image: 'web:1' },
          ],
        },
      },
    };
    const live = withManagers(deployment(spec, { uid: 'u1' }), entry(manager, 'Apply', { spec }));
    const found = carry(deployment({ replicas: 5 }), live);
    expect(found.body).toEqual(deployment({ ...spec, replicas: 5 }));
    expect(found.stays).toEqual([
      'spec.template.spec.containers[log].image',
      'spec.template.spec.containers[web].image',
    ]);
  });

  it('matches list elements by key and keeps the order of the live list', () => {
    const spec = { containers: ['a', 'b', 'c'].map((name) => ({ name, image: `${name}:1` })) };
    const live = withManagers(deployment(spec), entry(manager, 'Apply', { spec }));
    const { body } = carry(
      deployment({
        containers: [
          { name: 'c', image: 'c:2' },
          { name: 'new', image: 'n:1' },
        ],
      }),
      live,
    );
    expect(valueAt(body, ['spec', 'containers'])).toEqual([
      { name: 'a', image: 'a:1' },
      { name: 'b', image: 'b:1' },
      { name: 'c', image: 'c:2' },
      { name: 'new', image: 'n:1' },
    ]);
  });

  it('knows a port by its key even where the manifest leaves the default protocol out', () => {
    const spec = { ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }] };
    const live = withManagers(deployment(spec), entry(manager, 'Apply', { spec }));
    const { body, stays } = carry(deployment({ ports: [{ containerPort: 80 }] }), live);
    expect(valueAt(body, ['spec', 'ports'])).toHaveLength(1);
    expect(stays).toEqual(['spec.ports[80,TCP].name']);
  });

  it('takes atomic lists whole: what the manifest says of one wins, also when it is empty', () => {
    const spec = { args: ['a', 'b'], command: ['c'] };
    const live = withManagers(deployment(spec), entry(manager, 'Apply', { spec }));
    const { body, stays } = carry(deployment({ args: [] }), live);
    expect(body.spec).toEqual({ args: [], command: ['c'] });
    expect(stays).toEqual(['spec.command']);
  });

  it('carries values of a set, in their order', () => {
    const metadata = { finalizers: ['example.com/a', 'example.com/b'] };
    const live = withManagers(deployment({}, metadata), entry(manager, 'Apply', { metadata }));
    const { body, stays } = carry(deployment({}, { finalizers: ['example.com/b'] }), live);
    expect(valueAt(body, ['metadata', 'finalizers'])).toEqual(['example.com/a', 'example.com/b']);
    expect(stays).toEqual(['metadata.finalizers[=example.com/a]']);
  });

  it('carries nothing of others, nor of our own other operations', () => {
    const live = withManagers(
      deployment({ replicas: 4, paused: true }),
      entry(manager, 'Update', { spec: { replicas: 4 } }, { subresource: 'scale' }),
      entry('kubectl-edit', 'Update', { spec: { paused: true } }),
    );
    const manifest = deployment({ minReadySeconds: 1 });
    expect(carry(manifest, live)).toEqual({ body: manifest, stays: [], removes: [] });
  });

  it('does not take over what others put into a map that we applied empty', () => {
    const live = withManagers(
      deployment({}, { labels: { team: 'x' } }),
      entry(manager, 'Apply', { metadata: { labels: {} } }),
      entry('kubectl-label', 'Update', { metadata: { labels: { team: 'x' } } }),
    );
    const { body, stays } = carry(deployment({}), live);
    expect(valueAt(body, ['metadata', 'labels'])).toEqual({});
    expect(stays).toEqual([]);
  });

  it('never carries what the server owns', () => {
    const metadata = { uid: 'u1', resourceVersion: '9', labels: { a: 'b' } };
    const live = withManagers(
      { ...deployment({}, metadata), status: { replicas: 1 } },
      entry(manager, 'Apply', { metadata, status: { replicas: 1 } }),
    );
    expect(carry(deployment({}), live).body).toEqual(deployment({}, { labels: { a: 'b' } }));
  });

  it('lets go of it with prune, and says what nobody else owns', () => {
    const spec = { replicas: 3, paused: true };
    const live = withManagers(
      deployment(spec),
      entry(manager, 'Apply', { spec }),
      entry('hpa', 'Update', { spec: { replicas: 3 } }),
    );
    const manifest = deployment({ minReadySeconds: 1 });
    expect(carry(manifest, live, true)).toEqual({ body: manifest, stays: [], removes: ['spec.paused'] });
  });

  it('refuses a manifest in another version than it was applied in, whose paths do not fit', () => {
    const live = withManagers(
      deployment({ a: 1 }),
      entry(manager, 'Apply', { spec: { a: 1 } }, { apiVersion: 'apps/v1beta1' }),
    );
    expect(() => carry(deployment({}), live)).toThrow(/applied here as apps\/v1beta1/);
    expect(carry(deployment({}), live, true).removes).toEqual(['spec.a']);
  });

  it('sends the manifest as it is where there is no object yet', () => {
    const manifest = deployment(webSpec('web:1'));
    expect(carry(manifest, undefined).body).toBe(manifest);
  });

  it('does not let a member called __proto__ reach a prototype', () => {
    const spec = JSON.parse('{"__proto__":{"polluted":1}}') as JsonObject;
    const live = withManagers(deployment(spec), entry(manager, 'Apply', { spec }));
    const { body } = carry(deployment({}), live);
    expect(Object.hasOwn(body.spec as JsonObject, '__proto__')).toBe(true);
    expect(({} as JsonObject).polluted).toBeUndefined();
  });
});

describe('carryForward, for any object', () => {
  const scene = anySpec.chain((spec) => fc.tuple(fc.constant(spec), part(spec), anySpec));

  it('loses nothing that our manager owned, and nothing that the manifest says', () => {
    fc.assert(
      fc.property(scene, ([spec, ours, said]) => {
        const live = withManagers(object(spec), thing(ours));
        const manifest = object(said);
        const { body } = carry(manifest, live);
        for (const path of pathsOf(ownersOf(live)[0]!.fields).leaves) {
          expect(valueAt(body, path), formatPath(path)).toEqual(valueAt(manifest, path) ?? valueAt(live, path));
        }
        for (const [path, value] of flatten(manifest)) {
          if (!path.includes('args')) expect(flatten(body).get(path), path).toEqual(value);
        }
      }),
    );
  });

  it('adds nothing that neither the manifest says nor we owned', () => {
    fc.assert(
      fc.property(scene, ([spec, ours, said]) => {
        const others = entry('somebody', 'Update', { spec });
        const { body } = carry(object(said), withManagers(object(spec), thing(ours), others));
        const allowed = new Set([...flatten(object(said)).keys(), ...flatten(object(ours)).keys()]);
        for (const path of flatten(body).keys()) expect(allowed).toContain(path);
      }),
    );
  });

  it('stays and removes name the same leaves, one for each way', () => {
    fc.assert(
      fc.property(scene, ([spec, ours, said]) => {
        const live = withManagers(object(spec), thing(ours));
        expect(carry(object(said), live, true).removes).toEqual(carry(object(said), live).stays);
      }),
    );
  });

  it('a second, partial apply removes nothing that the first one set', () => {
    fc.assert(
      fc.property(anySpec, anySpec, (first, second) => {
        const live = withManagers(object(first), thing(first));
        const { body } = carry(object(second), live);
        const after = flatten(body);
        for (const path of flatten(object(first)).keys())
          if (!path.includes('args')) expect(after.has(path), path).toBe(true);
      }),
    );
  });
});
