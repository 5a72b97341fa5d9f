import { at, type JsonObject, listAt, numberAt, stringAt } from '../../json.ts';
import {
  capabilitiesIn,
  isUnconfined,
  orphanRoot,
  type RunsAsRoot,
  unconfinedByAnnotation,
  userOf,
  worst,
} from './contexts.ts';
import { imagesIn } from './images.ts';
import { referencesIn } from './references.ts';
import { type PodShapes, podShapes } from './shape.ts';

/** What one object says about the pods that it makes. Lists may repeat. */
export interface Findings {
  readonly podTemplates: number;
  readonly privileged: boolean;
  readonly capabilitiesAdded: readonly string[];
  readonly hostNetwork: boolean;
  readonly hostPID: boolean;
  readonly hostIPC: boolean;
  readonly hostPaths: readonly string[];
  readonly hostPorts: readonly number[];
  readonly runsAsRoot: RunsAsRoot;
  readonly allowPrivilegeEscalation: boolean;
  readonly unconfined: boolean;
  readonly sysctls: readonly string[];
  readonly ephemeralContainers: boolean;
  readonly serviceAccounts: readonly string[];
  readonly automountsToken: boolean;
  readonly tokenAudiences: readonly string[];
  readonly images: readonly string[];
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
}

/**
 * What is dangerous counts wherever it stands. What an object leaves out (whether it runs as root, mounts a token) counts only
 * if it is `whole`: what an apply does not say stays as it is.
 */
export function findingsIn(object: JsonObject, whole: boolean): Findings {
  const shapes = podShapes(object);
  const stated = statedIn(object, shapes);
  if (!whole) return stated;
  const { pods, containers } = shapes;
  const named = (pod: JsonObject): string =>
    stringAt(pod, 'serviceAccountName') ?? stringAt(pod, 'serviceAccount') ?? 'default';
  return {
    ...stated,
    runsAsRoot: worst([stated.runsAsRoot, ...containers.map(userOf)]),
    allowPrivilegeEscalation:
      stated.allowPrivilegeEscalation ||
      containers.some(({ container }) => at(container, 'securityContext', 'allowPrivilegeEscalation') !== false),
    serviceAccounts: [...stated.serviceAccounts, ...pods.map(named)],
    automountsToken: stated.automountsToken || pods.some((pod) => at(pod, 'automountServiceAccountToken') !== false),
  };
}

function statedIn(object: JsonObject, shapes: PodShapes): Findings {
  const { pods, containers } = shapes;
  const contexts = shapes.contexts.map(({ context }) => context);
  const references = referencesIn(shapes);
  const says = (key: string): boolean => shapes.having(key).some((each) => each[key] === true);
  const asRoot = orphanRoot(shapes) || containers.some((each) => userOf(each) === 'yes');
  return {
    podTemplates: pods.length,
    privileged: says('privileged') || contexts.some((each) => at(each, 'windowsOptions', 'hostProcess') === true),
    capabilitiesAdded: capabilitiesIn(shapes),
    hostNetwork: says('hostNetwork'),
    hostPID: says('hostPID'),
    hostIPC: says('hostIPC'),
    hostPaths: hostPathsIn(object, shapes),
    hostPorts: shapes
      .having('hostPort')
      .flatMap((each) => numberAt(each, 'hostPort') ?? [])
      .filter((port) => port > 0),
    runsAsRoot: asRoot ? 'yes' : '',
    allowPrivilegeEscalation: contexts.some((each) => each.allowPrivilegeEscalation === true),
    unconfined:
      contexts.some(isUnconfined) ||
      [at(object, 'metadata', 'annotations'), ...shapes.having('annotations').map((each) => each.annotations)].some(
        unconfinedByAnnotation,
      ),
    sysctls: contexts.flatMap((each) => listAt(each, 'sysctls').flatMap((sysctl) => stringAt(sysctl, 'name') ?? [])),
    ephemeralContainers: shapes
      .having('ephemeralContainers')
      .some((each) => listAt(each, 'ephemeralContainers').length > 0),
    serviceAccounts: references.serviceAccounts,
    automountsToken: pods.some((pod) => at(pod, 'automountServiceAccountToken') === true),
    tokenAudiences: references.tokenAudiences,
    images: imagesIn(shapes),
    configMaps: references.configMaps,
    secrets: references.secrets,
  };
}

function hostPathsIn(object: JsonObject, shapes: PodShapes): readonly string[] {
  const mounted = shapes
    .having('hostPath')
    .map((each) => stringAt(each, 'hostPath', 'path') ?? stringAt(each, 'hostPath'));
  const isVolume = stringAt(object, 'kind') === 'PersistentVolume';
  const local = isVolume ? shapes.having('local').map((each) => stringAt(each, 'local', 'path')) : [];
  return [...mounted, ...local].filter((each) => each !== undefined);
}

/** The stricter of each. */
export const stricter = (all: readonly Findings[]): Findings => {
  const any = (of: (each: Findings) => boolean): boolean => all.some(of);
  const every = <T>(of: (each: Findings) => readonly T[]): readonly T[] => all.flatMap(of);
  return {
    podTemplates: Math.max(0, ...all.map(({ podTemplates }) => podTemplates)),
    privileged: any(({ privileged }) => privileged),
    capabilitiesAdded: every(({ capabilitiesAdded }) => capabilitiesAdded),
    hostNetwork: any(({ hostNetwork }) => hostNetwork),
    hostPID: any(({ hostPID }) => hostPID),
    hostIPC: any(({ hostIPC }) => hostIPC),
    hostPaths: every(({ hostPaths }) => hostPaths),
    hostPorts: every(({ hostPorts }) => hostPorts),
    runsAsRoot: worst(all.map(({ runsAsRoot }) => runsAsRoot)),
    allowPrivilegeEscalation: any(({ allowPrivilegeEscalation }) => allowPrivilegeEscalation),
    unconfined: any(({ unconfined }) => unconfined),
    sysctls: every(({ sysctls }) => sysctls),
    ephemeralContainers: any(({ ephemeralContainers }) => ephemeralContainers),
    serviceAccounts: every(({ serviceAccounts }) => serviceAccounts),
    automountsToken: any(({ automountsToken }) => automountsToken),
    tokenAudiences: every(({ tokenAudiences }) => tokenAudiences),
    images: every(({ images }) => images),
    configMaps: every(({ configMaps }) => configMaps),
    secrets: every(({ secrets }) => secrets),
  };
};
