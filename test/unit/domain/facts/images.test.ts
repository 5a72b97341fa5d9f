import { describe, expect, it } from 'vitest';
import { parseImage } from '../../../../src/domain/facts/pods/images.ts';
import { applied, deployment, factsOf, ref, types } from './seen.ts';

const digest = `sha256:${'a'.repeat(64)}`;

it.each([
  ['nginx', ['docker.io', 'library/nginx', 'latest', '', false]],
  ['nginx:1.27', ['docker.io', 'library/nginx', '1.27', '', false]],
  ['shop/web', ['docker.io', 'shop/web', 'latest', '', false]],
  ['index.docker.io/shop/web:1', ['docker.io', 'shop/web', '1', '', false]],
  ['localhost/web:1', ['localhost', 'web', '1', '', false]],
  ['registry:5000/a/b:1', ['registry:5000', 'a/b', '1', '', false]],
  ['registry:5000/web', ['registry:5000', 'web', 'latest', '', false]],
  ['Registry.Example/a/b', ['registry.example', 'a/b', 'latest', '', false]],
  [`registry.example/a@${digest}`, ['registry.example', 'a', '', digest, true]],
  [`registry.example/a:1@${digest}`, ['registry.example', 'a', '1', digest, true]],
  ['registry.example/a@sha256:abc', ['registry.example', 'a', '', 'sha256:abc', false]],
])('reads %s', (image, [registry, repository, tag, found, pinned]) => {
  expect(parseImage(image)).toEqual({ image, registry, repository, tag, digest: found, pinned });
});

describe('what changes', () => {
  const of = (...images: string[]) =>
    deployment({ containers: images.map((image, index) => ({ name: `c${index}`, image })), volumes: [] });
  const web = ref(types.deployments);

  it('is told container by container', () => {
    const facts = factsOf(applied(web, { before: of('a:1', 'b:1', 'c:1'), body: of('a:1'), after: of('a:1', 'b:2') }));
    expect(facts.imagesChanged).toEqual([
      { container: 'c1', from: 'b:1', to: 'b:2' },
      { container: 'c2', from: 'c:1', to: '' },
    ]);
    expect(factsOf(applied(web, { body: of('a:1') })).imagesChanged).toEqual([
      { container: 'c0', from: '', to: 'a:1' },
    ]);
  });

  it('is absent where the effect on something that is there is not known', () => {
    expect(
      factsOf(applied(web, { before: of('a:1'), body: of('a:2') }, { unknown: 'x' })).imagesChanged,
    ).toBeUndefined();
    expect(factsOf(applied(web, { body: of('a:2') }, { unknown: 'x' })).imagesChanged).toHaveLength(1);
  });

  it('counts images that are volumes', () => {
    const body = deployment({
      containers: [{ name: 'a', image: `a@${digest}` }],
      volumes: [{ name: 'm', image: { reference: 'models:1' } }],
    });
    expect(factsOf(applied(web, { body })).mutableTags).toEqual(['models:1']);
  });
});
