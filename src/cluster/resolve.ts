import { type CountersignError, invalid } from '../domain/errors.ts';
import { apiVersion, type ResourceType, resourceGroup } from '../domain/resource.ts';
import { builtInGroups, type ServedType } from './discovery-document.ts';
import { nearest } from './nearest.ts';

const versionPattern = /^v\d+(?:(?:alpha|beta)\d+)?$/;

/** What was found among the same types before: agents say the same few names again and again. */
const foundBefore = new WeakMap<readonly ServedType[], Map<string, ResourceType>>();
const mostKept = 1_000;

/**
 * A resource as people say it. Undefined: there is none. Without a group core wins over built-in groups, these over the rest.
 * @throws Invalid when several are left
 */
export function findResource(types: readonly ServedType[], said: string): ResourceType | undefined {
  const known = foundBefore.get(types) ?? new Map<string, ResourceType>();
  const before = known.get(said);
  if (before !== undefined) return before;
  const found = searchResource(types, said);
  if (found !== undefined && known.size < mostKept) foundBefore.set(types, known.set(said, found));
  return found;
}

function searchResource(types: readonly ServedType[], said: string): ResourceType | undefined {
  const wanted = said.toLowerCase();
  const plain = matching(types, wanted).filter((each) => each.preferred);
  for (const tier of tiers) {
    const found = plain.filter(({ type }) => tier(type.group)).map(({ type }) => type);
    if (found.length > 0) return onlyOne(found, said);
  }
  return findInGroup(types, wanted);
}

const tiers: readonly ((group: string) => boolean)[] = [
  (group) => group === '',
  (group) => builtInGroups.has(group),
  () => true,
];

/** `deployments.apps`, `deployments.v1.apps`, `pods.v1`. */
function findInGroup(types: readonly ServedType[], wanted: string): ResourceType | undefined {
  const dot = wanted.indexOf('.');
  if (dot < 1) return undefined;
  const named = matching(types, wanted.slice(0, dot));
  const rest = wanted.slice(dot + 1);
  const exact = named.filter(({ type, preferred }) => preferred && type.group === rest);
  if (exact.length > 0)
    return onlyOne(
      exact.map(({ type }) => type),
      wanted,
    );
  const [version = '', ...group] = rest.split('.');
  if (!versionPattern.test(version)) return undefined;
  const versioned = named.filter(({ type }) => type.version === version && type.group === group.join('.'));
  return versioned.length === 0
    ? undefined
    : onlyOne(
        versioned.map(({ type }) => type),
        wanted,
      );
}

const matching = (types: readonly ServedType[], wanted: string): readonly ServedType[] =>
  types.filter(
    ({ type }) =>
      type.resource === wanted ||
      type.singular === wanted ||
      type.kind.toLowerCase() === wanted ||
      type.shortNames.includes(wanted),
  );

function onlyOne(found: readonly ResourceType[], said: string): ResourceType {
  const [first, ...others] = found;
  if (first !== undefined && others.every((each) => resourceGroup(each) === resourceGroup(first))) return first;
  const candidates = [...new Set(found.map(resourceGroup))].sort().join(', ');
  throw invalid(`${JSON.stringify(said)} is ambiguous in this cluster: ${candidates}`, 'name one of these in full');
}

/** A kind as a manifest says it, in exactly that group and version. @throws Invalid when several have it */
export function findKind(types: readonly ServedType[], version: string, kind: string): ResourceType | undefined {
  const found = types.filter(({ type }) => type.kind === kind && apiVersion(type) === version);
  return found.length === 0
    ? undefined
    : onlyOne(
        found.map(({ type }) => type),
        kind,
      );
}

const asMeant = 'send the call again with the name that you mean';

/** `Unknown kind "deployement"; did you mean deployments (apps/v1)?` */
export function unknownResource(types: readonly ServedType[], said: string): CountersignError {
  const names = new Map<string, ResourceType>();
  for (const { type } of types.filter(({ preferred }) => preferred)) {
    for (const name of [type.resource, type.singular, type.kind.toLowerCase(), ...type.shortNames]) {
      if (!names.has(name)) names.set(name, type);
    }
  }
  const near = nearest(said.toLowerCase().split('.')[0] ?? '', [...names.keys()]);
  const meant = new Set(near.flatMap((name) => describe(names.get(name))));
  if (meant.size > 0)
    return invalid(`Unknown kind ${JSON.stringify(said)}; did you mean ${[...meant].join(' or ')}?`, asMeant);
  return invalid(
    `Unknown kind ${JSON.stringify(said)}`,
    'name a kind that this cluster serves, such as deployments.apps',
  );
}

const describe = (type: ResourceType | undefined): readonly string[] =>
  type === undefined ? [] : [`${type.resource} (${apiVersion(type)})`];

export function unknownKind(types: readonly ServedType[], version: string, kind: string): CountersignError {
  const served = types.filter(({ type }) => type.kind === kind).map(({ type }) => apiVersion(type));
  const said = `Unknown kind ${JSON.stringify(kind)} in apiVersion ${JSON.stringify(version)}`;
  if (served.length > 0)
    return invalid(`${said}; this cluster serves it as ${[...new Set(served)].join(', ')}`, 'use that apiVersion');
  const kinds = new Map(types.map(({ type }) => [type.kind.toLowerCase(), type]));
  const meant = nearest(kind.toLowerCase(), [...kinds.keys()]).flatMap((name) => {
    const type = kinds.get(name);
    return type === undefined ? [] : [`${type.kind} (${apiVersion(type)})`];
  });
  if (meant.length > 0) return invalid(`${said}; did you mean ${meant.join(' or ')}?`, asMeant);
  return invalid(said, 'if a CustomResourceDefinition defines it, apply that first');
}
