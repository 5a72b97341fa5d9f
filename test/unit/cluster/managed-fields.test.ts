import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withoutManagedFields } from '../../../src/cluster/managed-fields.ts';

const managed = [{ manager: 'kubectl', fieldsV1: { 'f:data': { 'k:{"name":"a]\\"}"}': {}, '.': {} } } }];
const read = (object: unknown): unknown => JSON.parse(withoutManagedFields(JSON.stringify(object)));

it.each([
  ['last', { kind: 'Pod', metadata: { name: 'web', managedFields: managed }, spec: {} }],
  ['first', { kind: 'Pod', metadata: { managedFields: managed, name: 'web' }, spec: {} }],
  ['in the middle', { kind: 'Pod', metadata: { name: 'web', managedFields: managed, uid: 'u' }, spec: {} }],
  ['alone', { kind: 'Pod', metadata: { managedFields: managed }, spec: {} }],
  ['empty', { kind: 'Pod', metadata: { name: 'web', managedFields: [] }, spec: {} }],
])('leaves them out where they stand %s in metadata', (_, object) => {
  const { managedFields: __, ...metadata } = object.metadata as Record<string, unknown>;
  expect(read(object)).toEqual({ ...object, metadata });
});

it.each([
  ['of an object inside', { metadata: { name: 'a' }, spec: { template: { metadata: { managedFields: managed } } } }],
  ['beside metadata', { metadata: { name: 'a' }, managedFields: managed }],
  ['behind metadata', { metadata: {}, spec: { managedFields: managed } }],
  ['of the members of a list', { kind: 'PodList', metadata: {}, items: [{ metadata: { managedFields: managed } }] }],
  ['that are no list', { metadata: { managedFields: 'mine' } }],
  ['in a text', { metadata: { annotations: { a: '{"metadata":{"managedFields":[]}}', b: '\\"managedFields":[' } } }],
  ['in what only ends like metadata', { 'x"metadata': { managedFields: managed } }],
])('keeps those %s', (_, object) => {
  expect(withoutManagedFields(JSON.stringify(object))).toBe(JSON.stringify(object));
});

it('finds them behind texts that look like JSON', () => {
  const annotations = { 'last-applied': '{"metadata":{"managedFields":[{"a":"\\\\"}]}}', brace: '}}]]{' };
  expect(read({ metadata: { annotations, managedFields: managed }, data: { b: 'c' } })).toEqual({
    metadata: { annotations },
    data: { b: 'c' },
  });
});

it('leaves what is no JSON to whoever parses it', () => {
  const whole = JSON.stringify({ kind: 'Pod', metadata: { name: 'a "quoted" one\\', managedFields: managed } });
  for (let end = 0; end < whole.length; end++)
    expect(() => JSON.parse(withoutManagedFields(whole.slice(0, end))), `cut at ${end}`).toThrow(SyntaxError);
});

it('changes nothing else of any object', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const key = fc.oneof(fc.string(), fc.constantFrom('metadata', 'managedFields', 'items'));
  const object = fc.record({ metadata: fc.dictionary(key, json), rest: fc.dictionary(key, json) });
  fc.assert(
    fc.property(object, ({ metadata, rest }) => {
      const text = JSON.stringify({ ...rest, metadata });
      const expected = JSON.parse(text);
      if (Array.isArray(expected.metadata.managedFields)) delete expected.metadata.managedFields;
      const found = JSON.parse(withoutManagedFields(text));
      // Where others come first they may be left: this is for speed alone.
      if (Array.isArray(found.metadata.managedFields)) delete found.metadata.managedFields;
      expect(found).toEqual(expected);
    }),
    { numRuns: 5_000 },
  );
});
