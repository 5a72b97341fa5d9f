import { expect, it } from 'vitest';
import { valuesOf } from '../../../src/masking/secret-values.ts';
import { helmRelease } from '../../masking/encodings.ts';

const secret = (release: string, type = 'helm.sh/release.v1') => ({
  type,
  metadata: { name: 'sh.helm.release.v1.web.v1' },
  data: { release },
});
const config = {
  image: { tag: 'a-long-tag-of-an-image' },
  auth: { username: 'somebody-known', password: 'violet walrus umbrella', existingSecret: 'name-of-a-secret' },
  tokens: ['seventeen brass kettles'],
};

it('what people gave a chart under names of secrets is looked for, and nothing else of it', () => {
  const found = valuesOf(secret(helmRelease({ name: 'web', config })));
  const values = found.map(({ value }) => value);
  expect(values).toContain('violet walrus umbrella');
  expect(values).toContain('seventeen brass kettles');
  for (const plain of ['a-long-tag-of-an-image', 'somebody-known', 'name-of-a-secret'])
    expect(values).not.toContain(plain);
  expect(new Set(found.map(({ source }) => source))).toEqual(new Set(['Secret sh.helm.release.v1.web.v1/release']));
});

it('what is no release is looked for as it is', () => {
  const plain = Buffer.from('no release at all').toString('base64');
  expect(valuesOf(secret(plain)).map(({ value }) => value)).toEqual(['no release at all']);
  expect(valuesOf(secret(helmRelease({ config }), 'Opaque')).map(({ value }) => value)).not.toContain(
    'violet walrus umbrella',
  );
});
