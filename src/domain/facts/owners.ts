import { at, type JsonObject, listAt, objectAt, stringAt } from '../json.ts';
import { isMutating } from '../request.ts';
import { labelsOf } from './environment.ts';
import { next, type Seen } from './seen.ts';
import type { ObjectFacts } from './spec.ts';

/** What GitOps tools write on what they keep: a label or an annotation, or the start of one. */
const gitopsMarks: readonly (readonly [mark: string, tool: string])[] = [
  ['argocd.argoproj.io/', 'argocd'],
  ['kustomize.toolkit.fluxcd.io/', 'flux'],
  ['helm.toolkit.fluxcd.io/', 'flux'],
  ['configmanagement.gke.io/', 'configsync'],
];

/** The labels of the object and who will change it back; both need the object, which a read has not looked at yet. */
export function ownerFacts(seen: Seen): Pick<ObjectFacts, 'labels' | 'ownedBy'> {
  if (!isMutating(seen.request)) return { labels: undefined, ownedBy: undefined };
  const { before } = seen;
  const now = before ?? next(seen);
  if (now === undefined) return { labels: undefined, ownedBy: undefined };
  const all = [before, seen.after, seen.body].filter((each) => each !== undefined);
  return {
    labels: labelsOf(now),
    ownedBy: {
      controller: first(all.map(controllerOf)),
      helm: first(all.map(helmOf)),
      gitops: first(all.map(gitopsOf)),
    },
  };
}

const first = (values: readonly string[]): string => values.find((each) => each !== '') ?? '';

function controllerOf(object: JsonObject): string {
  const owner = listAt(object, 'metadata', 'ownerReferences').find((each) => at(each, 'controller') === true);
  return stringAt(owner, 'kind') ?? '';
}

function helmOf(object: JsonObject): string {
  const release = stringAt(object, 'metadata', 'annotations', 'meta.helm.sh/release-name');
  const managed = stringAt(object, 'metadata', 'labels', 'app.kubernetes.io/managed-by');
  return release ?? (managed === 'Helm' ? managed : '');
}

function gitopsOf(object: JsonObject): string {
  const keys = ['labels', 'annotations'].flatMap((member) => Object.keys(objectAt(object, 'metadata', member) ?? {}));
  return gitopsMarks.find(([mark]) => keys.some((key) => key.startsWith(mark)))?.[1] ?? '';
}
