import { describe, expect, it } from 'vitest';
import { ownersOf, owns, parseFieldsV1, pathsOf, structureOf } from '../../../../src/domain/effect/fieldsv1.ts';
import { formatPath } from '../../../../src/domain/path.ts';
import { entry, withManagers } from './objects.ts';

const fields = {
  'f:metadata': {
    'f:finalizers': { '.': {}, 'v:"example.com/x"': {} },
    'f:labels': { 'f:app.kubernetes.io/name': {} },
  },
  'f:spec': {
    'f:containers': {
      'k:{"name":"web"}': {
        '.': {},
        'f:image': {},
        'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
      },
    },
    'f:args': {},
    'f:old': { 'i:0': {} },
  },
};

describe('fieldsV1', () => {
  it('names owned leaves by member, key and value', () => {
    const { leaves, containers } = pathsOf(parseFieldsV1(fields));
    expect(leaves.map(formatPath).sort()).toEqual([
      'metadata.finalizers[=example.com/x]',
      'metadata.labels["app.kubernetes.io/name"]',
      'spec.args',
      'spec.containers[web].image',
      'spec.containers[web].ports[80,TCP].containerPort',
      'spec.old',
    ]);
    expect(containers.map(formatPath).sort()).toEqual([
      'metadata.finalizers',
      'spec.containers[web]',
      'spec.containers[web].ports[80,TCP]',
    ]);
  });

  it('is empty for an entry without fields', () => {
    expect(pathsOf(parseFieldsV1(undefined)).leaves).toEqual([]);
  });

  it('refuses a key that is not JSON', () => {
    expect(() => parseFieldsV1({ 'f:x': { 'k:web': {} } })).toThrow(SyntaxError);
    expect(() => parseFieldsV1({ 'f:x': { 'k:"web"': {} } })).toThrow(/not the key/);
  });

  it('tells managers apart by operation and subresource', () => {
    const live = withManagers(
      {},
      entry('countersign', 'Apply', { a: 1 }),
      entry('countersign', 'Update', { b: 1 }, { subresource: 'scale' }),
    );
    expect(ownersOf(live).map(({ fields: _, ...owner }) => owner)).toEqual([
      { manager: 'countersign', operation: 'Apply', subresource: '', apiVersion: 'apps/v1' },
      { manager: 'countersign', operation: 'Update', subresource: 'scale', apiVersion: 'apps/v1' },
    ]);
  });

  it('owns what is inside of an atomic value, but not what others put into a map that was applied empty', () => {
    const own = entry('a', 'Apply', { selector: {}, labels: {} });
    const other = entry('b', 'Apply', { labels: { app: 'x' } });
    const structure = structureOf(withManagers({}, own, other));
    const node = parseFieldsV1(own.fieldsV1);
    expect(owns(node, ['f:selector', 'f:matchLabels'], structure)).toBe(true);
    expect(owns(node, ['f:labels', 'f:app'], structure)).toBe(false);
    expect(owns(node, ['f:nowhere'], structure)).toBe(false);
  });
});
