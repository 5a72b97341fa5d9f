import type { JsonObject } from '../../json.ts';
import { distinct, type Seen } from '../seen.ts';
import type { ObjectFacts } from '../spec.ts';
import type { podSpecs } from '../specs/pods.ts';
import { type Findings, findingsIn, stricter } from './findings.ts';
import { imagesChanged, parseImage } from './images.ts';

type PodFacts = Pick<ObjectFacts, (typeof podSpecs)[number]['name']>;

/** Of the pods that a call makes, changes, multiplies or runs a program in. */
export function podFacts(seen: Seen): PodFacts {
  const findings = findingsOf(seen);
  return findings === undefined
    ? { ...absent, imagesChanged: undefined }
    : { ...present(findings), imagesChanged: imagesChanged(seen) };
}

function findingsOf({ request, body, after, before }: Seen): Findings | undefined {
  switch (request.action) {
    case 'apply': {
      if (body === undefined) return undefined;
      const whole: JsonObject = after ?? body;
      return stricter([findingsIn(body, false), findingsIn(whole, true)]);
    }
    case 'scale':
    case 'exec':
      return before === undefined ? undefined : stricter([findingsIn(before, true)]);
    default:
      return stricter([]);
  }
}

const present = (findings: Findings): Omit<PodFacts, 'imagesChanged'> => {
  const { images: found, configMaps, secrets, hostPorts, ...rest } = findings;
  const images = distinct(found).map(parseImage);
  return {
    ...rest,
    capabilitiesAdded: distinct(rest.capabilitiesAdded),
    hostPaths: distinct(rest.hostPaths),
    hostPorts: [...new Set(hostPorts)].sort((a, b) => a - b),
    sysctls: distinct(rest.sysctls),
    serviceAccounts: distinct(rest.serviceAccounts),
    tokenAudiences: distinct(rest.tokenAudiences),
    images,
    mutableTags: images.filter(({ pinned }) => !pinned).map(({ image }) => image),
    configMapsUsed: distinct(configMaps),
    secretsUsed: distinct(secrets),
  };
};

const absent: Omit<PodFacts, 'imagesChanged'> = {
  podTemplates: undefined,
  privileged: undefined,
  capabilitiesAdded: undefined,
  hostNetwork: undefined,
  hostPID: undefined,
  hostIPC: undefined,
  hostPaths: undefined,
  hostPorts: undefined,
  runsAsRoot: undefined,
  allowPrivilegeEscalation: undefined,
  unconfined: undefined,
  sysctls: undefined,
  ephemeralContainers: undefined,
  serviceAccounts: undefined,
  automountsToken: undefined,
  tokenAudiences: undefined,
  images: undefined,
  mutableTags: undefined,
  configMapsUsed: undefined,
  secretsUsed: undefined,
};
