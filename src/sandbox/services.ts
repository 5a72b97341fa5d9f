import { type JsonObject, listAt, stringAt } from './json.ts';
import type { World } from './world.ts';

const services = { group: '', resource: 'services' };
/** What a dry-run shows in place of an address that is not allocated yet. */
const sentinel = '10.0.0.0';

/** Gives a Service its cluster address; a dry-run allocates none and shows the sentinel. */
export function addressFor(world: World, spec: JsonObject, dryRun: boolean): void {
  if (spec.type === 'ExternalName' || spec.clusterIP !== undefined) return;
  const taken = new Set(world.store.list(services).map((service) => stringAt(service, 'spec', 'clusterIP')));
  let address = sentinel;
  for (let n = 1; !dryRun && (address === sentinel || taken.has(address)); n += 1)
    address = `10.96.${n >> 8}.${n & 255}`;
  spec.clusterIP = address;
  spec.clusterIPs = [address];
  if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') return;
  for (const [index, port] of listAt(spec, 'ports').entries())
    if (typeof port === 'object' && port !== null && !Array.isArray(port) && port.nodePort === undefined)
      port.nodePort = dryRun ? 32769 : 30000 + taken.size * 8 + index;
}
