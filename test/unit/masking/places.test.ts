import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/domain/json.ts';
import { open } from '../../../src/domain/masked.ts';
import type { DeclaredSecrets, ResourceType } from '../../../src/domain/resource.ts';
import { type MaskingConfig, maskingConfigSchema } from '../../../src/masking/config.ts';
import { createMasker } from '../../../src/masking/masker.ts';
import { parsePlace, reaches } from '../../../src/masking/structure/places.ts';
import { silent } from '../../support/approvals.ts';

const typeOf = (resource: string, group: string, declared?: DeclaredSecrets): ResourceType => ({
  ...{ group, version: 'v1', resource, kind: '', singular: '', shortNames: [], namespaced: true, verbs: [] },
  subresources: [],
  servedBy: group === '' ? 'built-in' : 'crd',
  ...(declared === undefined ? {} : { declared }),
});
const databases = typeOf('databases', 'acme.example');
const masked = (raw: Json, config: Partial<MaskingConfig>, type = databases): Json =>
  open(createMasker({ log: silent, config: maskingConfigSchema.parse(config) }).object(raw, undefined, type).value);
const paths = (...of: readonly string[]) => ({ paths: { 'databases.acme.example': [...of] } });

describe('configured paths', () => {
  it.each<[string, Json, Json]>([
    ['spec.pin', { spec: { pin: 4711, a: 'b' } }, { spec: { pin: '[masked field pin]', a: 'b' } }],
    [
      'spec.users[*].hash',
      { spec: { users: [{ hash: 'x' }, { name: 'y' }] } },
      { spec: { users: [{ hash: '[masked field hash]' }, { name: 'y' }] } },
    ],
    ['spec.users.hash', { spec: { users: [{ hash: 'x' }] } }, { spec: { users: [{ hash: '[masked field hash]' }] } }],
    [
      'spec.users[b].hash',
      {
        spec: {
          users: [
            { name: 'a', hash: 'x' },
            { name: 'b', hash: 'y' },
          ],
        },
      },
      {
        spec: {
          users: [
            { name: 'a', hash: 'x' },
            { name: 'b', hash: '[masked field hash]' },
          ],
        },
      },
    ],
    ['spec["a.b"].*', { spec: { 'a.b': { c: 'x' } } }, { spec: { 'a.b': { c: '[masked field c]' } } }],
    ['spec.list', { spec: { list: ['x', 'y'] } }, { spec: { list: ['[masked field list]', '[masked field list]'] } }],
    [
      'spec.deep',
      { spec: { deep: { a: [{ b: true }], c: null } } },
      { spec: { deep: { a: [{ b: '[masked field b]' }], c: null } } },
    ],
  ])('%s', (path, raw, expected) => {
    expect(masked(raw, paths(path))).toEqual(expected);
    expect(masked(expected, paths(path))).toEqual(expected);
    expect(masked(raw, paths(path), typeOf('databases', 'other.example'))).toEqual(raw);
  });

  it('hold for each item of a list, and in copies of the object', () => {
    const object = { kind: 'Database', spec: { pin: 'walrus' } };
    const copy = { kind: 'Database', metadata: { annotations: { copy: JSON.stringify(object) } } };
    expect(JSON.stringify(masked({ kind: 'DatabaseList', items: [object, copy] }, paths('spec.pin')))).not.toContain(
      'walrus',
    );
  });

  it('are sensitive paths: digests, diffs and ownership go by them', () => {
    const masker = createMasker({ log: silent, config: maskingConfigSchema.parse(paths('spec.pin')) });
    expect(masker.sensitivePaths(databases, { spec: { pin: 1, a: 2 } })).toEqual([['spec', 'pin']]);
  });

  it('so do those that the schema of its kind declares, without any configuration', () => {
    const type = typeOf('databases', 'acme.example', { passwords: ['spec.pin'], columns: {} });
    expect(masked({ spec: { pin: 'walrus' } }, {}, type)).toEqual({ spec: { pin: '[masked field pin]' } });
  });
});

describe('columns of such kinds', () => {
  const table = (name: string, description: string) => ({
    kind: 'Table',
    columnDefinitions: [
      { name: 'Name', format: 'name' },
      { name, description },
    ],
    rows: [{ cells: ['a', 'walrus'] }],
  });
  const cell = (raw: Json): Json => ((raw as { rows: { cells: Json[] }[] }).rows[0]?.cells ?? [])[1] as Json;

  it('are hidden by what the API server says that they print', () => {
    const says = (path: string) => table('P', `Custom resource definition column (in JSONPath format): ${path}`);
    expect(cell(masked(says('.spec.pin'), paths('spec.pin')))).toBe('[masked column P]');
    expect(cell(masked(says('.spec'), paths('spec.pin')))).toBe('[masked column P]');
    expect(cell(masked(says('.spec.size'), paths('spec.pin')))).toBe('walrus');
  });

  it('are hidden by what the definition says, whatever their description is', () => {
    const type = typeOf('databases', 'acme.example', { passwords: ['spec.pin'], columns: { P: '.spec.pin', S: '.x' } });
    expect(cell(masked(table('P', 'How many'), {}, type))).toBe('[masked column P]');
    expect(cell(masked(table('S', 'How many'), {}, type))).toBe('walrus');
  });

  it('are hidden where nobody knows what they print', () => {
    expect(cell(masked(table('P', 'How many'), paths('spec.pin')))).toBe('[masked column P]');
    expect(cell(masked(table('Age', 'How old'), paths('spec.pin')))).toBe('walrus');
  });

  it.each([
    ['.spec.users[0].hash', 'spec.users[*].hash', true],
    ['.spec.users[?(@.name=="a")].hash', 'spec.users.hash', true],
    ['.metadata.annotations.a\\.b', 'metadata.annotations["a.b"]', true],
    ["{.spec['a.b']}", 'spec["a.b"]', true],
    ['..hash', 'spec.pin', true],
    ['.spec.users[0].name', 'spec.users[*].hash', false],
    ['.status.phase', 'spec.pin', false],
  ])('%s and %s', (jsonPath, place, expected) => {
    expect(reaches(jsonPath, parsePlace(place) ?? [])).toBe(expected);
  });
});

describe('exceptions', () => {
  const except = (path: string) => ({ exceptions: { paths: { configmaps: [path] }, values: [] } });
  const configMaps = typeOf('configmaps', '');
  const map = (data: Record<string, string>): Json => ({ kind: 'ConfigMap', data });

  it('show what only its name hid, and hide by form still', () => {
    expect(masked(map({ 'csrf-token': 'none at all' }), {}, configMaps)).not.toEqual(
      map({ 'csrf-token': 'none at all' }),
    );
    const shown = masked(map({ 'csrf-token': 'none at all', token: 'x' }), except('data["csrf-token"]'), configMaps);
    expect(shown).toEqual(map({ 'csrf-token': 'none at all', token: '[masked ConfigMap /token]' }));
    expect(JSON.stringify(masked(map({ token: 'AKIAABCDEFGHIJKLMNOP' }), except('data.token'), configMaps))).toContain(
      '[masked AWS key id]',
    );
  });

  it('lose against a path that hides', () => {
    const config = { paths: { configmaps: ['data.token'] }, ...except('data.token') };
    expect(masked(map({ token: 'x' }), config, configMaps)).toEqual(map({ token: '[masked field token]' }));
  });
});

describe('the configuration', () => {
  const faults = (config: unknown): string => JSON.stringify(maskingConfigSchema.safeParse(config).error?.issues ?? []);
  it.each([
    [{ exceptions: { paths: { secrets: ['data.host'] } } }, 'what a Secret holds is always hidden'],
    [{ paths: { Database: ['spec.pin'] } }, 'the plural with its group'],
    [{ paths: { databases: ['.spec..pin'] } }, 'a path as answers name it'],
    [{ paths: { databases: ['spec pin'] } }, 'a path as answers name it'],
    [{ exceptions: { values: ['db/host'] } }, 'namespace/name/key'],
    [{ oops: 1 }, 'unrecognized_keys'],
  ])('%j is refused', (config, words) => {
    expect(faults(config)).toContain(words);
  });
});
