import type { Ownership } from '../effect.ts';
import { at, isJsonObject, type Json, type JsonObject } from '../json.ts';
import { formatPath, type Path } from '../path.ts';
import { type FieldNode, type FieldOwner, isLeaf, noFields, overlay, ownersOf, owns, ownsWhole } from './fieldsv1.ts';
import { HiddenPaths } from './hidden.ts';
import { elementsById, member, sameJson, stepId, toldShape } from './lists.ts';
import { stringDataPaths, withStringData } from './string-data.ts';
import { beforeFirstApply } from './unrecorded.ts';

export interface OwnershipInput {
  /** What is to be sent, carried-forward fields included, in digest form. */
  readonly body: JsonObject;
  /** In digest form, managedFields included; undefined: a create, where nobody owns anything. */
  readonly live: JsonObject | undefined;
  /** Our own field manager. */
  readonly manager: string;
  /** Leaves that the mask hides, of the body and of the live object. */
  readonly sensitive: readonly Path[];
  /** The caller asked to take fields over. */
  readonly force: boolean;
  /** What was carried forward: the caller did not say these values, so nothing is learned when they are equal. */
  readonly stays?: readonly string[];
  /** The result of the dry-run, once there is one: who owns what in it is the API server's own word. */
  readonly dryRun?: JsonObject;
}

export interface OwnershipFound {
  /** Not empty: refuse, and ask nobody. */
  readonly conflicts: readonly Ownership[];
  readonly takes: readonly Ownership[];
  readonly shares: readonly Ownership[];
}

interface Context {
  readonly input: OwnershipInput;
  readonly owner: FieldOwner;
  readonly structure: FieldNode;
  readonly hidden: HiddenPaths;
  /** What our own apply owns already. */
  readonly own: FieldNode;
  /** What this owner still owns after the dry-run; undefined: there was none yet. */
  readonly after: FieldNode | undefined;
  readonly found: Found;
}
interface Found {
  readonly conflicts: Ownership[];
  readonly takes: Ownership[];
  readonly shares: Ownership[];
  needsForce: boolean;
}
interface Place {
  readonly path: Path;
  readonly keys: readonly string[];
  readonly node: FieldNode;
  readonly structure: FieldNode | undefined;
  /** Something above is hidden. */
  readonly covered: boolean;
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Whether this is client-side `kubectl apply`, whose fields another declarative apply takes over without being asked to.
 * See docs/decisions/0003-client-side-apply-is-taken-over.md.
 */
const isClientSideApply = (owner: Omit<FieldOwner, 'fields'>, live: JsonObject | undefined): boolean =>
  owner.manager === 'kubectl-client-side-apply' &&
  owner.operation === 'Update' &&
  owner.subresource === '' &&
  at(live, 'metadata', 'annotations', lastApplied) !== undefined;

/**
 * What the body says that somebody else owns in the live object. A different value is a conflict, or is taken with force; an
 * equal one becomes shared. A hidden leaf conflicts whether equal or not, else the answer would tell the value by guessing.
 * Key fields of list elements never conflict; entries of our own other operations are not somebody else.
 */
export function ownership(input: OwnershipInput): OwnershipFound {
  const { conflicts, takes, shares } = find(input);
  return { conflicts: sorted(conflicts), takes: sorted(takes), shares: sorted(shares) };
}

/**
 * Whether the request must be sent with force: the caller asked for it, or every field that the API server would refuse
 * belongs to client-side apply or to another operation of ours. Safe only together with uid and resourceVersion, which keep
 * out managers that nobody saw at plan time.
 */
export function needsForce(input: OwnershipInput): boolean {
  const found = find(input);
  return found.conflicts.length === 0 && (input.force || found.needsForce);
}

function find(given: OwnershipInput): Found {
  const sensitive = [...given.sensitive, ...stringDataPaths(given.body)];
  const input = { ...given, body: withStringData(given.body), sensitive };
  const found: Found = { conflicts: [], takes: [], shares: [], needsForce: false };
  if (input.live === undefined) return found;
  const recorded = ownersOf(input.live);
  const after = input.dryRun === undefined ? undefined : ownersOf(input.dryRun);
  const structure = overlay([...recorded, ...(after ?? [])].map((owner) => owner.fields));
  const hidden = new HiddenPaths(input.sensitive, [input.body, input.live], structure);
  const own = recorded.find((owner) => isOurs(owner, input) && owner.operation === 'Apply' && owner.subresource === '');
  const base = { input, structure, hidden, own: own?.fields ?? noFields, found };
  const root = { path: [], keys: [], structure, covered: false };
  for (const owner of recorded) {
    if (owner === own) continue;
    const context = { ...base, owner, after: after === undefined ? undefined : fieldsOf(after, owner) };
    visit(input.body, input.live, { ...root, node: owner.fields }, context);
    if (!isOurs(owner, input)) findLost(context);
  }
  const unrecorded = beforeFirstApply(input.live, recorded, structure, hidden);
  visit(input.body, input.live, { ...root, node: unrecorded.fields }, { ...base, owner: unrecorded, after: undefined });
  return found;
}

const isOurs = (owner: FieldOwner, input: OwnershipInput): boolean => owner.manager === input.manager;

const fieldsOf = (owners: readonly FieldOwner[], like: FieldOwner): FieldNode =>
  owners.find(
    ({ manager, operation, subresource, apiVersion }) =>
      manager === like.manager &&
      operation === like.operation &&
      subresource === like.subresource &&
      apiVersion === like.apiVersion,
  )?.fields ?? noFields;

function visit(body: Json | undefined, live: Json | undefined, place: Place, context: Context): void {
  if (body === undefined || live === undefined) return;
  const covered = place.covered || context.hidden.at(formatPath(place.path));
  if (ownsWhole(place.node, place.structure)) {
    if (place.path.length > 0 && !isFilled(body, live)) judge(body, live, { ...place, covered }, context);
    return;
  }
  const shape = toldShape(place.structure ?? place.node) ?? { kind: 'atomic' };
  const bodyById = elementsById(shape, body);
  const liveById = elementsById(shape, live);
  const last = place.path.at(-1);
  for (const [key, { step, node }] of place.node.children) {
    if (typeof step === 'string' && typeof last === 'object' && 'key' in last && Object.hasOwn(last.key, step))
      continue;
    const structure = place.structure?.children.get(key)?.node;
    const there = { path: [...place.path, step], keys: [...place.keys, key], node, structure, covered };
    if (typeof step === 'string') visit(member(body, step), member(live, step), there, context);
    else visit(bodyById.get(stepId(step) ?? ''), liveById.get(stepId(step) ?? ''), there, context);
  }
}

/** A map that somebody applied empty: what is put into it is not theirs. */
const isFilled = (body: Json, live: Json): boolean =>
  isJsonObject(live) && isJsonObject(body) && Object.keys(live).length === 0 && Object.keys(body).length > 0;

/** One owned leaf that both the body and the live object have. */
function judge(body: Json, live: Json, place: Place, context: Context): void {
  const { input, owner, found, structure } = context;
  const path = formatPath(place.path);
  const differs = !sameJson(body, live);
  if (isOurs(owner, input)) {
    found.needsForce ||= differs;
    return;
  }
  const hidden = place.covered || context.hidden.below(path);
  const entry: Ownership = {
    path,
    manager: owner.manager,
    live: hidden ? undefined : live,
    yours: hidden ? undefined : body,
    hidden,
  };
  const kept = context.after !== undefined && owns(context.after, place.keys, structure);
  if (hidden && !(input.stays ?? []).includes(path)) (input.force ? found.takes : found.conflicts).push(entry);
  else if (differs && !kept) take(entry, context);
  else if (!owns(context.own, place.keys, structure)) found.shares.push(entry);
}

function take(entry: Ownership, { input, owner, found }: Context): void {
  const migrates = isClientSideApply(owner, input.live);
  if (input.force || migrates) found.takes.push(entry);
  else found.conflicts.push(entry);
  found.needsForce ||= migrates;
}

/**
 * What this owner lost in the dry-run though no comparison foretold it: the API server compares in other versions and after
 * admission. It is said; and where the caller said the field itself and did not ask for force, it is a conflict.
 */
function findLost(context: Context): void {
  const { after, owner, input, found, structure } = context;
  if (after === undefined) return;
  const known = new Set(
    [...found.takes, ...found.conflicts].filter((each) => each.manager === owner.manager).map((each) => each.path),
  );
  const walk = (node: FieldNode, path: Path, keys: readonly string[], body: Json | undefined): void => {
    if (isLeaf(node)) {
      const text = formatPath(path);
      if (path.length === 0 || known.has(text) || owns(after, keys, structure)) return;
      const hidden = path.some((_, length) => context.hidden.at(formatPath(path.slice(0, length + 1))));
      const entry = { path: text, manager: owner.manager, live: undefined, yours: undefined, hidden };
      const refused = body !== undefined && !input.force && !isClientSideApply(owner, input.live);
      (refused ? found.conflicts : found.takes).push(entry);
      return;
    }
    const byId = elementsById(toldShape(node) ?? { kind: 'atomic' }, body);
    for (const [key, { step, node: below }] of node.children) {
      // Controllers write their status all the time, and an apply does not touch it.
      if (keys.length === 0 && key === 'f:status') continue;
      const there = typeof step === 'string' ? member(body, step) : byId.get(stepId(step) ?? '');
      walk(below, [...path, step], [...keys, key], there);
    }
  };
  walk(owner.fields, [], [], input.body);
}

const sorted = (found: readonly Ownership[]): readonly Ownership[] =>
  found.toSorted((a, b) => compare(a.path, b.path) || compare(a.manager, b.manager));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
