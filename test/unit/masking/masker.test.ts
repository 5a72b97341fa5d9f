import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Json } from '../../../src/domain/json.ts';
import { type Masked, open } from '../../../src/domain/masked.ts';
import { valueAt } from '../../../src/domain/path.ts';
import type { ResourceType } from '../../../src/domain/resource.ts';
import { createMasker } from '../../../src/masking/masker.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const masker = createMasker({ log });
const canary = 'hunter2-canary';
const b64 = Buffer.from(canary).toString('base64');
const type = (resource: string): ResourceType => ({
  group: '',
  version: 'v1',
  resource,
  kind: '',
  singular: '',
  shortNames: [],
  namespaced: true,
  verbs: [],
  subresources: [],
  servedBy: 'built-in',
});
const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, data: { password: b64 } };
const applied = 'kubectl.kubernetes.io/last-applied-configuration';
const container = (more: object): Json => ({ kind: 'Pod', spec: { containers: [{ name: 'web', ...more }] } }) as Json;
const pem = `-----BEGIN RSA PRIVATE KEY-----\n${canary}\n-----END RSA PRIVATE KEY-----`;

const places: readonly [string, Json][] = [
  ['data of a Secret', secret],
  ['stringData', { ...secret, data: {}, stringData: { password: canary } }],
  ['a nested value', { ...secret, data: { a: { b: canary } } }],
  ['data that is no map', { ...secret, data: canary }],
  ['a Secret without its kind', { type: 'Opaque', data: { x: canary } }],
  ['a Helm release', { ...secret, type: 'helm.sh/release.v1', data: { release: b64 } }],
  ['a List', { kind: 'List', items: [secret] }],
  [
    'a SecretList, whose items have no kind',
    { kind: 'SecretList', apiVersion: 'v1', items: [{ metadata: {}, data: { x: b64 } }] },
  ],
  ['a watch event', { type: 'ADDED', object: secret }],
  [
    'a table with objects',
    { kind: 'Table', columnDefinitions: [{ name: 'Name' }], rows: [{ cells: ['db'], object: secret }] },
  ],
  ['a printer column', { kind: 'Table', columnDefinitions: [{ name: 'Password' }], rows: [{ cells: [canary] }] }],
  ['last-applied of a Secret', { ...secret, metadata: { annotations: { [applied]: JSON.stringify(secret) } } }],
  [
    'last-applied of metadata only',
    { kind: 'PartialObjectMetadata', metadata: { annotations: { [applied]: JSON.stringify(secret) } } },
  ],
  ['last-applied that is no JSON', { kind: 'X', metadata: { annotations: { [applied]: `{"data":{"a":"${canary}"` } } }],
  ['an annotation', { kind: 'X', metadata: { annotations: { 'a.example/db-password': canary } } }],
  ['env', container({ env: [{ name: 'DB_PASSWORD', value: canary }] })],
  [
    'env in a template at any depth',
    { kind: 'Rollout', spec: { a: [{ template: { env: [{ name: 'API_KEY', value: canary }] } }] } },
  ],
  ['an argument', container({ args: [`--password=${canary}`] })],
  ['the argument after a flag', container({ command: ['x', '--token', canary] })],
  ['a shell text', container({ command: ['sh', '-c', `PGPASSWORD=${canary} psql`] })],
  ['a header', container({ probe: { httpHeaders: [{ name: 'Authorization', value: canary }] } })],
  ['a ConfigMap key', { kind: 'ConfigMap', metadata: { name: 'c' }, data: { 'db.password': canary } }],
  ['a URL', { kind: 'X', spec: { url: `postgres://u:${canary}@db/x` } }],
  ['a private key', { kind: 'ConfigMap', data: { file: `a\n${pem}\nb` } }],
  ['a private key without its end', { kind: 'X', spec: { text: `-----BEGIN PRIVATE KEY-----\n${canary}` } }],
  ['a field of a custom kind', { kind: 'Database', spec: { admin: { password: canary } } }],
  ['a list of them', { kind: 'Database', spec: { passwords: [canary] } }],
  ['a token request', { kind: 'TokenRequest', status: { token: canary } }],
  ['a token review', { kind: 'TokenReview', spec: { token: canary } }],
  [
    'an error about a Secret',
    {
      kind: 'Status',
      message: `Secret "db" is invalid: data[x]: Invalid value: "${canary}": no`,
      details: { kind: 'Secret' },
    },
  ],
  [
    'a cause of one',
    { kind: 'Status', message: '', details: { kind: 'secrets', causes: [{ message: `Invalid value: "${canary}"` }] } },
  ],
  [
    'an error that prints a pod',
    { kind: 'Status', message: `Pod is invalid: core.EnvVar{Name:"A", Value:"${canary}"}` },
  ],
];

describe('structure', () => {
  it.each(places)('%s is hidden, and stays hidden when masked again', (_, raw) => {
    const { value, masked } = masker.object(raw);
    const text = JSON.stringify(open(value));
    for (const leak of [canary, b64]) expect(text).not.toContain(leak);
    expect(masked.length).toBeGreaterThan(0);
    expect(open(masker.object(open(value)).value)).toEqual(open(value));
  });

  it('says what was hidden, and shares the rest', () => {
    const raw = { kind: 'List', items: [secret, { kind: 'ConfigMap', data: { a: 'b' } }] };
    const { value, masked } = masker.object(raw);
    expect(masked).toEqual(['items[0].data.password']);
    expect((open(value) as { items: Json[] }).items[1]).toBe(raw.items[1]);
    expect(JSON.stringify(open(value))).toContain('[masked Secret db/password]');
  });

  it('leaves what is no secret as it is', () => {
    const plain = container({
      image: 'web:1.4.1',
      args: ['--port=80', '-v', '--config', '/etc/x'],
      env: [
        { name: 'MODE', value: 'dev' },
        { name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
      ],
      volumes: [{ secret: { secretName: 'db' } }],
      affinity: { topologyKey: 'zone' },
      automountServiceAccountToken: true,
    });
    const { value, masked } = masker.object(plain);
    expect(masked).toEqual([]);
    expect(open(value)).toBe(plain);
  });

  it('names exactly the leaves it hides as paths that lead there', () => {
    for (const [, raw] of places) {
      const { masked } = masker.object(raw);
      const paths = masker.sensitivePaths(type('pods'), raw);
      expect(paths.length).toBe(masked.length);
      for (const path of paths) expect(JSON.stringify(valueAt(raw, path))).toBeDefined();
    }
    const bare = { metadata: { name: 'db' }, data: { a: b64 } };
    expect(masker.sensitivePaths(type('secrets'), bare)).toEqual([['data', 'a']]);
  });
});

describe('known values', () => {
  const scope = { values: [{ value: canary, source: 'Secret db/password' }] };
  it('are hidden in text wherever they stand and however they are written', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.constantFrom('raw', 'base64', 'base64url'), (before, after, form) => {
        const whole = `${before}${canary}${after}`;
        const text = form === 'raw' ? whole : Buffer.from(whole).toString(form as BufferEncoding);
        const shown = open(masker.text(text, scope));
        expect(shown).not.toContain(canary);
        expect(Buffer.from(shown, 'base64').toString()).not.toContain(canary);
        expect(open(masker.text(shown, scope))).toBe(shown);
      }),
    );
  });

  it('are hidden where they overlap, whole', () => {
    const overlapping = {
      values: [
        { value: 'abcdefgh1234', source: 'Secret a/a' },
        { value: '1234ijklmnop', source: 'Secret a/b' },
      ],
    };
    expect(open(masker.text('x abcdefgh1234ijklmnop y', overlapping))).toBe('x [masked Secret a/a] y');
  });

  it('are hidden in objects too; short ones are not looked for', () => {
    expect(JSON.stringify(open(masker.object({ log: `a ${canary}` }, scope).value))).not.toContain(canary);
    expect(open(masker.text('the cat', { values: [{ value: 'cat', source: 'Secret a/b' }] }))).toBe('the cat');
  });
});

describe('the seal', () => {
  it('is not on a raw value, neither for the compiler nor at run time', () => {
    expectTypeOf<string>().not.toExtend<Masked<string>>();
    expectTypeOf<{ a: 1 }>().not.toExtend<Masked<Json>>();
    // @ts-expect-error a raw string is not a Masked one
    const raw: Masked<string> = 'raw';
    expect(() => open(raw)).toThrow(TypeError);
  });

  it('an echo shows what is not seen, and nothing else changes', () => {
    expect(open(masker.echo('a\u202eb\u200bc\u001b[0m\n\tä'))).toBe('a\\u{202e}b\\u{200b}c\\u{1b}[0m\n\tä');
  });
});
