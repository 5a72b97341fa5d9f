import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/domain/json.ts';
import { open } from '../../../src/domain/masked.ts';
import { createMasker } from '../../../src/masking/masker.ts';
import { helmRelease } from '../../masking/encodings.ts';
import { silent } from '../../support/approvals.ts';

const masker = createMasker({ log: silent });
const hidden = '[masked Secret sh.helm.release.v1.web.v3/release]';

const secret = (release: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'helm.sh/release.v1',
  metadata: { name: 'sh.helm.release.v1.web.v3', labels: { owner: 'helm' } },
  data: { release },
  ...more,
});
const release = {
  name: 'web',
  namespace: 'shop',
  version: 3,
  info: {
    status: 'deployed',
    first_deployed: '2026-11-20T08:00:00Z',
    last_deployed: '2026-11-21T08:00:00Z',
    deleted: '',
    description: 'Upgrade complete, password violet-walrus',
    notes: 'log in with violet-walrus',
  },
  chart: {
    metadata: { name: 'web', version: '1.4.0', appVersion: '2.0', description: 'a chart' },
    values: { default: 'violet-walrus' },
    templates: [{ name: 'secret.yaml', data: 'dmlvbGV0LXdhbHJ1cw==' }],
  },
  config: { auth: { password: 'violet-walrus', existing: null }, replicas: 3, hosts: ['a.example', 'b.example'] },
  manifest: 'kind: Secret\nstringData: { password: violet-walrus }',
};
const shown = (raw: Json, scope?: { values: { value: string; source: string }[] }) =>
  open(masker.object(raw, scope).value) as { helmRelease?: Json; data?: Json };

describe('a release of Helm', () => {
  it('is shown as what it is, with the keys of its values and none of the values', () => {
    const masked = masker.object(secret(helmRelease(release)));
    expect(open(masked.value)).toMatchObject({
      data: { release: hidden },
      helmRelease: {
        name: 'web',
        namespace: 'shop',
        revision: 3,
        status: 'deployed',
        last_deployed: '2026-11-21T08:00:00Z',
        chart: { name: 'web', version: '1.4.0', appVersion: '2.0' },
        config: { auth: { password: hidden, existing: hidden }, replicas: hidden, hosts: [hidden, hidden] },
      },
    });
    expect(masked.masked).toEqual(['data.release']);
    expect(JSON.stringify(open(masked.value))).not.toContain('violet');
  });

  it('is masked in what is shown of it, by known values and by form', () => {
    const odd = { name: 'known-value-of-a-secret', config: { AKIAIOSFODNN7EXAMPLE: 1 } };
    const values = [{ value: 'known-value-of-a-secret', source: 'Secret other/key' }];
    const { helmRelease: said } = shown(secret(helmRelease(odd)), { values });
    expect(said).toMatchObject({ name: '[masked Secret other/key]' });
    expect(JSON.stringify(said)).not.toContain('AKIAIOSFODNN7EXAMPLE');
  });

  it('is hidden whole in digests and diffs', () => {
    const type = { group: '', version: 'v1', resource: 'secrets', kind: 'Secret', singular: 'secret' };
    const known = {
      ...type,
      shortNames: [],
      namespaced: true,
      verbs: [],
      subresources: [],
      servedBy: 'built-in',
    } as const;
    expect(masker.sensitivePaths(known, secret(helmRelease(release)))).toEqual([['data', 'release']]);
  });

  it.each([
    ['no base64', 'no release'],
    ['no gzip', Buffer.from('bm8gcmVsZWFzZQ==').toString('base64')],
    ['no JSON', Buffer.from(gzipSync('violet-walrus').toString('base64')).toString('base64')],
    ['a list', Buffer.from(gzipSync('["violet-walrus"]').toString('base64')).toString('base64')],
    ['a bomb', helmRelease({ name: 'web', config: { a: ' '.repeat(5_000_000) } })],
  ])('says so where it is %s', (_, text) => {
    const { helmRelease: said, data } = shown(secret(text));
    expect(said).toEqual(expect.stringContaining('not shown'));
    expect(data).toEqual({ release: hidden });
  });

  it('is bounded', () => {
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, { a: {} }]));
    const { helmRelease: said } = shown(secret(helmRelease({ config: wide })));
    expect(JSON.stringify(said).split('{}').length).toBeLessThan(200);
    let deep: Json = 'violet-walrus';
    for (let depth = 0; depth < 1_000; depth++) deep = { a: deep };
    expect(JSON.stringify(shown(secret(helmRelease({ config: deep }))))).not.toContain('violet');
  });

  it('is looked into only where it is one', () => {
    expect(shown(secret(helmRelease(release), { type: 'Opaque' })).helmRelease).toBeUndefined();
    expect(shown({ kind: 'List', items: [secret(helmRelease(release))] }).helmRelease).toBeUndefined();
  });

  it('changes no more when it is masked again', () => {
    const once = open(masker.object(secret(helmRelease(release))).value);
    expect(open(masker.object(once).value)).toEqual(once);
  });
});
