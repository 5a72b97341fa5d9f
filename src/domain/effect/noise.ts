import { isJsonObject, type Json, type JsonObject, stringAt } from '../json.ts';
import { member } from './lists.ts';

const everywhere = new Set([
  'status',
  'metadata.uid',
  'metadata.creationTimestamp',
  'metadata.managedFields',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.selfLink',
]);
/** What the Job controller's uid is written to, in labels and selector. */
const jobUid =
  /^(metadata\.labels|spec\.selector\.matchLabels|spec\.template\.metadata\.labels)(\.controller-uid|\["batch\.kubernetes\.io\/controller-uid"\])$/;
const tokenVolume = /^kube-api-access-[a-z0-9]{5}$/;
const podLists = /^spec\.(volumes|(initContainers|containers|ephemeralContainers)\[[^\]]*\]\.volumeMounts)\[[^\]]*\]$/;
const allocated = /^spec\.(clusterIPs?|healthCheckNodePort|ports\[[^\]]*\]\.nodePort)$/;

/**
 * What the server writes anew for every request or on its own account, by experiment: it says nothing about the call. The
 * caller keeps such a path nevertheless where the submitted body has it.
 */
export function isNoise(object: JsonObject, path: string, value: Json | undefined): boolean {
  if (everywhere.has(path)) return true;
  const kind = `${stringAt(object, 'apiVersion')} ${stringAt(object, 'kind')}`;
  if (kind === 'batch/v1 Job') return jobUid.test(path);
  return kind === 'v1 Pod' && podLists.test(path) && tokenVolume.test(stringAt(value, 'name') ?? '');
}

/** `stringData` of a Secret: what becomes of it is shown as `data`. */
export const isNeverStored = (object: JsonObject, path: string): boolean =>
  path === 'stringData' && stringAt(object, 'apiVersion') === 'v1' && stringAt(object, 'kind') === 'Secret';

/**
 * Whether the value in a dry-run stands for one that the server allocates when it really runs (a Service's addresses and node
 * ports): it was not there before and the body does not say it.
 */
export function isAllocated(object: JsonObject, path: string, value: Json, body: JsonObject): boolean {
  if (stringAt(object, 'apiVersion') !== 'v1' || stringAt(object, 'kind') !== 'Service') return false;
  if (!allocated.test(path) || stringAt(value) === 'None' || (Array.isArray(value) && value[0] === 'None'))
    return false;
  const spec = isJsonObject(body.spec) ? body.spec : undefined;
  const saysAddress = member(spec, 'clusterIP') !== undefined || member(spec, 'clusterIPs') !== undefined;
  return !(path.startsWith('spec.clusterIP') && saysAddress);
}
