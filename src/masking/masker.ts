import type { Clock } from '../domain/environment.ts';
import type { Json } from '../domain/json.ts';
import type { Masker, MaskScope } from '../domain/masker.ts';
import { formatPath, type Path } from '../domain/path.ts';
import { type ResourceType, resourceGroup } from '../domain/resource.ts';
import { seal } from '../domain/seal.ts';
import { LogLines } from './log-lines.ts';
import { matcherOf } from './matcher.ts';
import { isAboutSecret, maskQuoted } from './patterns.ts';
import { findPlaceholder } from './placeholder.ts';
import { Reach, type ReachOptions } from './reach.ts';
import { createStream } from './stream.ts';
import { maskSeen } from './stream-text.ts';
import { reveal, strip } from './strip.ts';
import { Walk } from './walk.ts';

export type MaskerOptions = Omit<ReachOptions, 'clock'> & { readonly clock?: Clock };

/** Kinds that are told by their resource where an object does not carry its own. */
const kindByResource: ReadonlyMap<string, string> = new Map([
  ['secrets', 'Secret'],
  ['configmaps', 'ConfigMap'],
]);

export function createMasker({ clock = Date, ...options }: MaskerOptions): Masker {
  const reach = new Reach({ clock, ...options });
  return {
    object(raw: Json, scope?: MaskScope) {
      const { value, hidden } = maskObject(raw, scope);
      return { value: seal(value), masked: hidden.map(formatPath) };
    },
    text: (raw, scope) => seal(scope === undefined ? maskUpstream(raw, reach.held(undefined)) : maskText(raw, scope)),
    stream: createStream,
    log: (scope, onLine) => new LogLines(createStream(scope), onLine),
    echo: (own) => seal(reveal(own)),
    live: (value) => seal(maskLive(value, reach.held(undefined))),
    sensitivePaths: (type: ResourceType, object: Json): readonly Path[] => {
      const walk = new Walk();
      walk.object(object, kindByResource.get(resourceGroup(type)));
      return walk.hidden;
    },
    placeholderIn: findPlaceholder,
    reach: (cluster, namespace, pod) => reach.of(cluster, namespace, pod),
    held: (cluster) => reach.held(cluster),
  };
}

/** Not a break alone: two leaves that look encoded would be read as one that was wrapped, which costs more than all else. */
const betweenLeaves = '\n;\n';

/**
 * By structure first. The values in reach are looked for in all leaves at once, which costs a hundredth of looking into each;
 * only where one is found, which is rare, the object is gone through again, leaf by leaf.
 */
function maskObject(
  raw: Json,
  scope: MaskScope | undefined,
): { readonly value: Json; readonly hidden: readonly Path[] } {
  const known = matcherOf(scope);
  const leaves: string[] = [];
  const walk = new Walk(known === undefined ? {} : { leaves });
  const value = walk.object(raw);
  if (known === undefined || leaves.length === 0) return { value, hidden: walk.hidden };
  const text = strip(leaves.join(betweenLeaves));
  if (known.mask(text) === text) return { value, hidden: walk.hidden };
  const again = new Walk({ known: (leaf) => known.mask(leaf, scope?.onHit) });
  return { value: again.object(raw), hidden: again.hidden };
}

/** What is hidden in it goes with the unseen characters around it; without any, each of them is shown. */
function maskLive(value: string, held: MaskScope): string {
  const seen = strip(value);
  const masked = matcherOf(held)?.mask(seen) ?? seen;
  return reveal(masked === seen ? value : masked);
}

/** Text of the API server may quote what it refuses, whatever it is about. */
function maskUpstream(raw: string, held: MaskScope): string {
  const seen = strip(raw);
  return maskText(maskQuoted(seen, isAboutSecret(seen)), held);
}

function maskText(raw: string, scope: MaskScope): string {
  const seen = strip(raw);
  return maskSeen(seen, matcherOf(scope), scope.onHit);
}
