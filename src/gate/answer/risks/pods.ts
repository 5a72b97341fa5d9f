import type { ObjectFacts } from '../../../domain/facts/spec.ts';
import { say } from '../../../domain/masked.ts';
import type { Masker } from '../../../domain/masker.ts';
import { few, idents, type Risk, risk } from './risk.ts';

/** Registries from which everybody can publish. */
const publicRegistries = ['docker.io', 'quay.io', 'ghcr.io'];

/** Of the pods that are made, changed, multiplied or run in: what lets a container out, and what may become another. */
export function podRisks(masker: Masker, facts: ObjectFacts): readonly Risk[] {
  const { images = [], capabilitiesAdded = [], hostPaths = [], hostPorts = [], sysctls = [], mutableTags = [] } = facts;
  const host = [
    ...(facts.hostNetwork === true ? ['network'] : []),
    ...(facts.hostPID === true ? ['processes'] : []),
    ...(facts.hostIPC === true ? ['IPC'] : []),
  ];
  const open = images.filter(({ registry }) => publicRegistries.includes(registry));
  return [
    ...risk(facts.privileged, 'escapes', say`has a privileged container`),
    ...risk(
      hostPaths.length > 0,
      'escapes',
      say`mounts paths of the node: ${few(hostPaths.map((path) => masker.echo(path)))}`,
    ),
    ...risk(host.length > 0, 'escapes', say`shares with the node: ${idents(host)}`),
    ...risk(capabilitiesAdded.length > 0, 'escapes', say`adds capabilities: ${idents(capabilitiesAdded)}`),
    ...risk(facts.unconfined, 'escapes', say`switches a security profile off`),
    ...risk(sysctls.length > 0, 'escapes', say`sets kernel parameters: ${idents(sysctls)}`),
    ...risk(facts.ephemeralContainers, 'escapes', say`has ephemeral containers`),
    ...risk(hostPorts.length > 0, 'exposes', say`takes ports of the node: ${idents(hostPorts)}`),
    ...risk(facts.runsAsRoot === 'yes', 'exposes', say`runs as root`),
    ...risk((facts.tokenAudiences ?? []).length > 0, 'exposes', say`mounts tokens of its service account`),
    ...risk(
      open.length > 0,
      'mind',
      say`takes images from a public registry: ${few(open.map(({ image }) => masker.echo(image)))}`,
    ),
    ...risk(
      mutableTags.length > 0,
      'mind',
      say`has images that are not pinned by digest: ${few(mutableTags.map((image) => masker.echo(image)))}`,
    ),
  ];
}
