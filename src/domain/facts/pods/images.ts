import { type JsonObject, stringAt } from '../../json.ts';
import { next, type Seen } from '../seen.ts';
import type { ObjectFacts } from '../spec.ts';
import { type PodShapes, podShapes } from './shape.ts';

export type Image = NonNullable<ObjectFacts['images']>[number];
type ImagesChanged = ObjectFacts['imagesChanged'];

const digestForm = /^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/;

/** As container runtimes read a reference: the host is the first part if it has a dot or a port, or is `localhost`. */
export function parseImage(image: string): Image {
  const [named = '', digest = ''] = splitAt(image, image.indexOf('@'));
  const colon = named.lastIndexOf(':');
  const [path = '', tag = ''] = splitAt(named, colon > named.lastIndexOf('/') ? colon : -1);
  const slash = path.indexOf('/');
  const first = slash < 0 ? '' : path.slice(0, slash);
  const hasHost = /[.:]/.test(first) || first === 'localhost';
  const host = hasHost ? first.toLowerCase() : 'docker.io';
  const registry = host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
  const rest = hasHost ? path.slice(slash + 1) : path;
  return {
    image,
    registry,
    repository: registry === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest,
    tag: tag === '' && digest === '' ? 'latest' : tag,
    digest,
    pinned: digestForm.test(digest),
  };
}

const splitAt = (text: string, index: number): readonly string[] =>
  index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];

/** Of containers and of volumes that are images. */
export const imagesIn = (shapes: PodShapes): readonly string[] => [
  ...shapes.containers.flatMap(({ container }) => stringAt(container, 'image') ?? []),
  ...shapes.having('image').flatMap((each) => stringAt(each, 'image', 'reference') ?? []),
];

/** Container by container, by where they stand. */
export function imagesChanged(seen: Seen): ImagesChanged {
  const { request, effect, before } = seen;
  if (request.action !== 'apply') return [];
  if (effect === undefined || (effect.unknown !== undefined && request.mode === 'update')) return undefined;
  const old = byPath(before);
  const now = byPath(next(seen));
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((path) => {
    const [from, to] = [old.get(path), now.get(path)];
    if (from?.image === to?.image) return [];
    return [{ container: (to ?? from)?.name ?? '', from: from?.image ?? '', to: to?.image ?? '' }];
  });
}

function byPath(
  object: JsonObject | undefined,
): ReadonlyMap<string, { readonly name: string; readonly image: string }> {
  if (object === undefined) return new Map();
  return new Map(
    podShapes(object).containers.map(({ container, path }) => [
      path,
      { name: stringAt(container, 'name') ?? '', image: stringAt(container, 'image') ?? '' },
    ]),
  );
}
