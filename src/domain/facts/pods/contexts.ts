import { at, isJsonObject, type Json, type JsonObject, listAt, objectAt, stringAt } from '../../json.ts';
import type { FoundContainer, PodShapes } from './shape.ts';

export type RunsAsRoot = '' | 'no' | 'unset' | 'yes';
const ranks: readonly RunsAsRoot[] = ['', 'no', 'unset', 'yes'];

export const worst = (all: readonly RunsAsRoot[]): RunsAsRoot =>
  ranks[Math.max(0, ...all.map((each) => ranks.indexOf(each)))] ?? 'yes';

/** What a container runs as: its own context over that of its pod. Where neither says it, the image does. */
export function userOf({ container, pod }: FoundContainer): RunsAsRoot {
  const own = objectAt(container, 'securityContext');
  const shared = objectAt(pod, 'securityContext');
  const user = at(own, 'runAsUser') ?? at(shared, 'runAsUser');
  if (user === 0) return 'yes';
  if (typeof user === 'number') return 'no';
  return (at(own, 'runAsNonRoot') ?? at(shared, 'runAsNonRoot')) === true ? 'no' : 'unset';
}

/** A context that belongs to no pod and no container that we know: some CRD hands it on. */
export function orphanRoot({ pods, containers, contexts }: PodShapes): boolean {
  const known = new Set<JsonObject>([...pods, ...containers.map(({ container }) => container)]);
  return contexts.some(({ context, owner }) => context.runAsUser === 0 && !known.has(owner));
}

export const capabilitiesIn = (shapes: PodShapes): readonly string[] =>
  shapes
    .having('capabilities')
    .flatMap((each) => listAt(each, 'capabilities', 'add'))
    .flatMap((name) => (typeof name === 'string' ? [name.toUpperCase().replace(/^CAP_/, '')] : []));

/** Switched off by name: an unset profile is not. */
export const isUnconfined = (context: JsonObject): boolean =>
  stringAt(context, 'seccompProfile', 'type') === 'Unconfined' ||
  stringAt(context, 'appArmorProfile', 'type') === 'Unconfined' ||
  stringAt(context, 'procMount') === 'Unmasked' ||
  stringAt(context, 'seLinuxOptions', 'type') === 'spc_t';

/** The annotations that profiles were before they were fields. */
export const unconfinedByAnnotation = (annotations: Json | undefined): boolean =>
  isJsonObject(annotations) &&
  Object.entries(annotations).some(
    ([key, value]) =>
      /^(container\.apparmor|container\.seccomp|seccomp)\.security\.(alpha|beta)\.kubernetes\.io\//.test(key) &&
      value === 'unconfined',
  );
