import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { canonicalJson } from '../../../src/domain/canonical.ts';
import { CountersignError } from '../../../src/domain/errors.ts';
import type { Json, JsonObject } from '../../../src/domain/json.ts';
import { parseManifest } from '../../../src/domain/manifest.ts';

const configMap = (data: JsonObject, name = 'web'): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const withData = (lines: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n${lines.replace(/^/gm, '  ')}\n`;
const scalar = (source: string): Json | undefined => {
  const data = parseManifest(withData(`x: ${source}`)).documents[0]?.data;
  return (data as JsonObject).x;
};
function refusal(manifest: string | Json): CountersignError {
  try {
    parseManifest(manifest);
  } catch (thrown) {
    if (thrown instanceof CountersignError) return thrown;
    throw thrown;
  }
  throw new Error('was taken');
}

describe('scalars are read as kubectl reads them', () => {
  it.each<[string, Json]>([
    ['0644', 420],
    ['-0644', -420],
    ['0', 0],
    ['644', 644],
    ['+12', 12],
    ['-7', -7],
    ['1_000', 1000],
    ['0x1F', 31],
    ['0b101', 5],
    ['9007199254740991', 9007199254740991],
    ['1.5', 1.5],
    ['1e3', 1000],
    ['1.0e3', 1000],
    ['-1.25', -1.25],
    ['1.0', 1],
    ['true', true],
    ['True', true],
    ['TRUE', true],
    ['false', false],
    ['yes', true],
    ['Yes', true],
    ['no', false],
    ['NO', false],
    ['on', true],
    ['On', true],
    ['off', false],
    ['OFF', false],
    ['null', null],
    ['Null', null],
    ['~', null],
    ['', null],
    ['2024-01-01', '2024-01-01'],
    ['2001-12-14T21:59:43.10-05:00', '2001-12-14T21:59:43.10-05:00'],
    ['12:30:45', '12:30:45'],
    ['1:20', '1:20'],
    ['190:20:30.15', '190:20:30.15'],
    ['1.2.3', '1.2.3'],
    ['100m', '100m'],
    ['1Gi', '1Gi'],
    ['"0644"', '0644'],
    ["'yes'", 'yes'],
    ['"1e400"', '1e400'],
    ['"0o644"', '0o644'],
    ['089', 89],
    ['!!str 12', '12'],
    ['web:1.4', 'web:1.4'],
    ['a b', 'a b'],
    ['"\\u00e4"', 'ä'],
  ])('%s', (source, value) => expect(scalar(source)).toEqual(value));

  it.each(['0o644', '.inf', '-.inf', '.nan', '1e400', '9007199254740993', '12345678901234567890'])(
    '%s is refused, with where it stands',
    (source) => {
      const { code, message, hint } = refusal(withData(`x: ${source}`));
      expect([code, message]).toEqual(['Invalid', expect.stringMatching(/line 5, column 6/)]);
      expect(message).not.toContain(source);
      expect(hint).toMatch(/quote|0644/);
    },
  );
});

describe('what two parsers could read in two ways is refused', () => {
  it.each([
    ['a key twice', 'a: hunter2\na: hunter3', /the key "a" twice/],
    ['a number and its text as keys', '1: hunter2\n"1": hunter3', /the key "1" twice/],
    ['__proto__', '__proto__: {a: hunter2}', /"__proto__"/],
    ['constructor', 'constructor: hunter2', /"constructor"/],
    ['a key that is a boolean', 'yes: hunter2', /not a string/],
    ['a binary tag', 'a: !!binary aHVudGVyMg==', /tag/],
    ['a tag of its own', 'a: !vault hunter2', /tag/],
    ['a missing anchor', 'a: *hunter2', /anchor/],
    ['an open quote', 'a: "hunter2', /lacks/],
    ['two values', 'a: "hunter" hunter2', /does not belong|lacks/],
    ['a tab', '\ta: hunter2', /tab|indented/],
  ])('%s', (_, lines, words) => {
    const { code, message, hint } = refusal(withData(lines));
    expect([code, message]).toEqual(['Invalid', expect.stringMatching(words)]);
    expect(`${message} ${hint}`).not.toContain('hunter');
    expect(message).toMatch(/line \d+/);
  });

  it('a duplicate key in JSON', () => {
    const text = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1","x":"2"}}';
    expect(refusal(text).message).toMatch(/the key "x" twice \(line 1, column \d+\)/);
  });

  it('a %YAML directive, which would change how scalars are read', () => {
    expect(refusal(`%YAML 1.2\n---\n${withData('x: 0644')}`).message).toMatch(/%YAML/);
  });

  it('aliases that multiply, and nesting without an end', () => {
    const rows = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (const [index, name] of [...'bcdefghi'].entries())
      rows.push(`${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`);
    expect(refusal(withData(rows.join('\n'))).message).toMatch(/alias/);
    expect(refusal('['.repeat(20_000)).code).toBe('Invalid');
    expect(refusal(withData(`x: ${'['.repeat(150)}${']'.repeat(150)}`)).message).toMatch(/deep/);
    let deep: Json = 'x';
    for (let n = 0; n < 20_000; n++) deep = [deep];
    expect(refusal(configMap({ deep })).message).toMatch(/deep/);
  });

  it('more than a megabyte', () => {
    expect(refusal('x'.repeat(5_000_000)).message).toMatch(/5000000 bytes/);
  });

  it('a parsed object with what JSON cannot hold', () => {
    for (const value of [Number.NaN, 2 ** 60, undefined, () => 1, new Date(0), '\ud800', JSON.parse('{"__proto__":1}')])
      expect(refusal(configMap({ value: value as Json })).code).toBe('Invalid');
  });
});

describe('documents', () => {
  it('come in their order, null ones skipped, Lists of any kind flattened', () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [configMap({}, 'b'), configMap({}, 'c')] };
    const typed = { apiVersion: 'v1', kind: 'ConfigMapList', metadata: {}, items: [{ metadata: { name: 'd' } }] };
    const text = ['', stringify(configMap({}, 'a')), '# nothing\n', stringify(list), stringify(typed)].join('---\n');
    const { documents } = parseManifest(text);
    expect(documents.map((each) => (each.metadata as JsonObject).name)).toEqual(['a', 'b', 'c', 'd']);
    expect(documents[3]).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'd' } });
  });

  it('follow anchors and merge keys, and share nothing', () => {
    const [document] = parseManifest(withData('a: &a {x: "1"}\nb: *a\nc: {<<: *a, z: "2"}')).documents;
    const data = document?.data as JsonObject;
    expect(data).toEqual({ a: { x: '1' }, b: { x: '1' }, c: { x: '1', z: '2' } });
    expect(data.a).not.toBe(data.b);
  });

  it('lose what the server manages, and the agent is told', () => {
    const pasted = {
      ...configMap({ x: '1' }),
      status: { phase: 'Active' },
      metadata: { name: 'web', uid: 'u', resourceVersion: '7', creationTimestamp: 't', generation: 2, selfLink: '/' },
    };
    const { documents, notes } = parseManifest(pasted);
    expect(documents).toEqual([configMap({ x: '1' })]);
    expect(notes).toEqual([
      'document 1 (ConfigMap, v1): left out status, metadata.resourceVersion, metadata.uid, metadata.creationTimestamp, metadata.generation, metadata.selfLink, which the server manages',
    ]);
  });

  it('say nothing of the empty things that generators write', () => {
    const { documents, notes } = parseManifest({
      ...configMap({}),
      status: {},
      metadata: { name: 'web', creationTimestamp: null },
    });
    expect([documents, notes]).toEqual([[configMap({})], []]);
  });

  it.each<[string, Json, RegExp]>([
    ['generateName', { apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'a-' } }, /document 1 .*generateName/],
    ['no kind', { apiVersion: 'v1', metadata: { name: 'a' } }, /document 1: kind is missing/],
    ['no apiVersion', { kind: 'Pod', metadata: { name: 'a' } }, /document 1: apiVersion is missing/],
    ['no metadata', { apiVersion: 'v1', kind: 'Pod' }, /document 1 .*metadata.name is missing/],
    ['a name that is a number', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 5 } }, /is a number/],
    ['text', 'just words', /document 1 is a string/],
    ['a list', [configMap({})], /document 1 is a list/],
    ['nothing', '# only a comment\n---\n', /no object/],
    ['an item', { apiVersion: 'v1', kind: 'List', items: [null] }, /document 1, item 1 of its List is an object/],
  ])('%s is refused with its document', (_, manifest, words) => {
    const { code, message, hint } = refusal(manifest);
    expect([code, message]).toEqual(['Invalid', expect.stringMatching(words)]);
    expect(hint).toBeTruthy();
  });

  it('names the second document', () => {
    expect(refusal(`${withData('x: a')}---\nkind: Pod\n`).message).toMatch(/^document 2: apiVersion is missing/);
    expect(refusal(`${withData('x: a')}---\n${withData('x: .inf')}`).message).toMatch(/^document 2 .*line 11/);
  });
});

describe('properties', () => {
  // The library writes the key `<<` without quotes, and then it is a merge.
  const left = ['__proto__', 'constructor', 'prototype', '<<'];
  const key = fc.string({ minLength: 1 }).filter((each) => !left.includes(each));
  const value = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('json')),
      fc.dictionary(key, tie('json'), { noNullPrototype: true }),
    ),
  })).json;

  it('JSON text, YAML text and the object itself are one manifest', () => {
    fc.assert(
      fc.property(value, (data) => {
        const object = configMap({ x: data });
        const expected = canonicalJson([object]);
        for (const given of [object, JSON.stringify(object), JSON.stringify(object, null, 2)])
          expect(canonicalJson(parseManifest(given).documents)).toBe(expected);
        const yaml = stringify(object, { version: '1.1', lineWidth: 0 });
        expect(canonicalJson(parseManifest(yaml).documents)).toBe(expected);
      }),
      { numRuns: 200 },
    );
  });

  it('takes a quoted << for a key as any other', () => {
    const object = configMap({ x: { '<<': { a: 1 } } });
    expect(canonicalJson(parseManifest(JSON.stringify(object)).documents)).toBe(canonicalJson([object]));
  });

  it('whatever text comes, the answer is a manifest or Invalid', () => {
    const piece = fc.constantFrom(
      'a: ',
      '- ',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      ':',
      '\n',
      '  ',
      '&a ',
      '*a',
      '!!',
      '|',
      '>',
      '---\n',
      '%',
      '0o7',
      '#',
      '<<: ',
      '? ',
      '\t',
      'v1',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (manifest) => {
        try {
          parseManifest(manifest);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(CountersignError);
          expect((thrown as CountersignError).code).toBe('Invalid');
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
