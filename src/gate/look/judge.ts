import { changes } from '../../domain/effect/diff.ts';
import { type FieldOwner, ownersOf, pathsOf } from '../../domain/effect/fieldsv1.ts';
import { sameJson } from '../../domain/effect/lists.ts';
import { type JsonObject, stringAt } from '../../domain/json.ts';
import { formatPath, type Path } from '../../domain/path.ts';
import type { SentObject } from './sent.ts';

/** What the cluster says became of one request, and what was seen there, as the end of a sentence about the object. */
export interface Seen {
  readonly found: 'done' | 'not done' | 'unclear';
  readonly why: string;
}

/** Our field manager in the cluster. */
const manager = 'countersign';

/** The object as it is now, in digest form under the key that the plan had, with the paths of what is hidden in it. */
export interface Live {
  readonly object: JsonObject;
  readonly sensitive: readonly Path[];
}

/**
 * Judges by what only this request, or none, can have left behind. Every request was bound to a resourceVersion, or to there
 * being no object. So the same version means that it was not carried out; and a value that was not there before, and that our
 * field manager owns now, that it was: whoever else changes a value takes it away from us. Whether another run of our own
 * wrote it, the caller has to know.
 */
export function judge(sent: SentObject, live: Live | undefined): Seen {
  if (sent.how === 'delete') return judgeDelete(sent, live);
  if (live === undefined) return unclear('is not there');
  const { object } = live;
  if (sent.uid !== undefined && stringAt(object, 'metadata', 'uid') !== sent.uid)
    return unclear('is another object of that name by now');
  if (sent.uid !== undefined && isSameVersion(sent, object)) {
    return sent.changes
      ? { found: 'not done', why: `is as it was before: its resourceVersion is still ${sent.resourceVersion}` }
      : unclear('is as it was before, and would be in either case');
  }
  return isOurs(sent, live)
    ? { found: 'done', why: 'holds what was sent, by field manager countersign' }
    : unclear(
        sent.uid === undefined ? 'is there, and not as it was sent' : 'was changed since, and not to what was sent',
      );
}

/** The name alone says nothing: by uid it is known that it is the same object, and a deletion cannot be taken back. */
function judgeDelete(sent: SentObject, live: Live | undefined): Seen {
  if (sent.terminating) return unclear('was being deleted before');
  if (live === undefined || stringAt(live.object, 'metadata', 'uid') !== sent.uid)
    return { found: 'done', why: `is gone, that of uid ${sent.uid}; the cluster does not say by whom` };
  if (stringAt(live.object, 'metadata', 'deletionTimestamp') !== undefined)
    return { found: 'done', why: 'is being deleted; the cluster does not say by whom' };
  return { found: 'not done', why: `is still there, uid ${sent.uid}, and not being deleted` };
}

const unclear = (why: string): Seen => ({ found: 'unclear', why });

const isSameVersion = ({ resourceVersion }: SentObject, live: JsonObject): boolean =>
  resourceVersion !== undefined && stringAt(live, 'metadata', 'resourceVersion') === resourceVersion;

/**
 * None of the new values that are ours is another one, and at least one is ours; of what was not there before, anything: there
 * what we own need not be a value that can be read (`stringData`).
 */
function isOurs({ to, how, uid, resourceGroup }: SentObject, { object, sensitive }: Live): boolean {
  const leaves = ownedLeaves(ownersOf(object), how, resourceGroup === 'secrets');
  const isOwned = (path: string): boolean => leaves.some((leaf) => path === leaf || isBelow(path, leaf));
  const ours = Object.entries(to).filter(([path]) => isOwned(path));
  if (uid === undefined ? leaves.length === 0 : ours.length === 0) return false;
  const all = { live: undefined, dryRunA: object, dryRunB: object, body: object, sensitive };
  const now = new Map(changes(all).changes.map((each) => [each.path, each.to]));
  return ours.every(([path, value]) => now.has(path) && sameJson(now.get(path), value));
}

/** Of an atomic map or list it is the place of the whole; of a map that was applied empty, others own what is in it. */
function ownedLeaves(owners: readonly FieldOwner[], how: SentObject['how'], isSecret: boolean): readonly string[] {
  const [operation, subresource] = how === 'scale' ? ['Update', 'scale'] : ['Apply', ''];
  const isOwn = (owner: FieldOwner): boolean =>
    owner.manager === manager && owner.operation === operation && owner.subresource === subresource;
  const pathsBelow = (owner: FieldOwner): readonly Path[] => pathsOf(owner.fields).leaves;
  const others = owners.filter((owner) => !isOwn(owner)).flatMap((owner) => pathsBelow(owner).map(formatPath));
  const own = owners.filter(isOwn).flatMap(pathsBelow);
  const kept = isSecret ? own.flatMap(keptUnder).filter((leaf) => !others.includes(leaf)) : [];
  return [...own.map(formatPath), ...kept].filter((leaf) => !others.some((other) => isBelow(other, leaf)));
}

/** The API server keeps stringData in data, and its owner under stringData only: in data nobody owns it until somebody writes it there. */
const keptUnder = ([first, ...rest]: Path): readonly string[] =>
  first === 'stringData' && rest.length > 0 ? [formatPath(['data', ...rest])] : [];

const isBelow = (path: string, above: string): boolean => path.startsWith(`${above}.`) || path.startsWith(`${above}[`);
