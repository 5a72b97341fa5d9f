import type { Clock } from '../domain/environment.ts';
import type { Json } from '../domain/json.ts';
import type { MaskedStream, Masker, MaskScope } from '../domain/masker.ts';
import { formatPath, type Path } from '../domain/path.ts';
import { type ResourceType, resourceGroup } from '../domain/resource.ts';
import { seal } from '../domain/seal.ts';
import type { MaskingConfig } from './config.ts';
import { LogLines } from './log-lines.ts';
import { matcherOf } from './matcher.ts';
import { isAboutSecret, maskQuoted } from './patterns.ts';
import type { OwnPatterns } from './patterns-own.ts';
import { findPlaceholder } from './placeholder.ts';
import { Reach, type ReachOptions } from './reach.ts';
import { hiddenSelector } from './selectors.ts';
import { createStream } from './stream.ts';
import { OwnSearch } from './stream-own.ts';
import { maskSeen } from './stream-text.ts';
import { reveal, strip } from './strip.ts';
import { PlacesByKind } from './structure/kind-places.ts';
import { withRelease } from './structure/release.ts';
import { Walk, type WalkOptions } from './walk.ts';
import { withoutWritten } from './written.ts';

export type MaskerOptions = Omit<ReachOptions, 'clock'> & {
  readonly clock?: Clock;
  /** What an operator says of places. */
  readonly config?: Pick<MaskingConfig, 'paths' | 'exceptions'> | undefined;
  /** An operator's patterns. */
  readonly patterns?: OwnPatterns | undefined;
};

/** Kinds that are told by their resource where an object does not carry its own. */
const kindByResource: ReadonlyMap<string, string> = new Map([
  ['secrets', 'Secret'],
  ['configmaps', 'ConfigMap'],
]);

export function createMasker({ clock = Date, config, patterns, ...options }: MaskerOptions): Masker {
  const reach = new Reach({ clock, notLookedFor: notLookedFor(config), ...options });
  const places = new PlacesByKind(config);
  const maskText = (raw: string, scope: MaskScope, written?: () => string): string => {
    const own = patterns === undefined ? undefined : new OwnSearch(patterns);
    return maskSeen(strip(raw), withoutWritten(matcherOf(scope), written), scope.onHit, own);
  };
  const stream = (scope: MaskScope): MaskedStream => createStream(scope, patterns);
  return {
    object(raw: Json, scope?: MaskScope, type?: ResourceType) {
      const { value, hidden } = maskObject(raw, scope, { places: places.of(type), own: patterns });
      const shown = withRelease(raw, value, (text) => maskText(text, scope ?? { values: [] }));
      return { value: seal(shown), masked: hidden.map(formatPath) };
    },
    text: (raw, scope, written) =>
      seal(
        scope === undefined ? maskText(unquoted(raw), reach.held(undefined), written) : maskText(raw, scope, written),
      ),
    stream,
    log: (scope, onLine) => new LogLines(stream(scope), onLine),
    echo: (own) => seal(reveal(own)),
    words: (said) => {
      const held = reach.held(undefined);
      return seal(maskText(maskLive(said, held), held));
    },
    live: (value) => seal(maskLive(value, reach.held(undefined))),
    sensitivePaths: (type, object, scope) => {
      const kind = kindByResource.get(resourceGroup(type));
      // Nothing is shown here, so nothing is counted.
      const values = scope && { values: scope.values };
      return maskObject(object, values, { places: places.of(type), own: patterns }, kind).hidden;
    },
    hiddenSelector: (type, selectors) => hiddenSelector(selectors, places.of(type)),
    placeholderIn: findPlaceholder,
    reach: (cluster, namespace, pod) => reach.of(cluster, namespace, pod),
    held: (cluster) => reach.held(cluster),
  };
}

/** Not a break alone: two leaves that look encoded would be read as one that was wrapped, which costs more than all else. */
const betweenLeaves = ';\n';

/**
 * By structure first. Known values and patterns are looked for in all leaves at once, which costs a hundredth of looking into
 * each; only where something is found, which is rare, the object is gone through again, leaf by leaf.
 */
function maskObject(
  raw: Json,
  scope: MaskScope | undefined,
  options: Pick<WalkOptions, 'places' | 'own'>,
  kind?: string,
): { readonly value: Json; readonly hidden: readonly Path[] } {
  const known = matcherOf(scope);
  const leaves: string[] = [];
  const walk = new Walk(known === undefined ? options : { ...options, leaves });
  const value = walk.whole(raw, kind);
  if (known === undefined || leaves.length === 0) return { value, hidden: walk.hidden };
  const text = strip(leaves.join(betweenLeaves));
  if (maskSeen(text, known) === text) return { value, hidden: walk.hidden };
  const again = new Walk({ ...options, known: (leaf) => known.mask(leaf, scope?.onHit) });
  return { value: again.whole(raw, kind), hidden: again.hidden };
}

/** What is hidden in it goes with the unseen characters around it; without any, each of them is shown. */
function maskLive(value: string, held: MaskScope): string {
  const seen = strip(value);
  const masked = matcherOf(held)?.mask(seen) ?? seen;
  return reveal(masked === seen ? value : masked);
}

/** Text of the API server may quote what it refuses, whatever it is about. */
function unquoted(raw: string): string {
  const seen = strip(raw);
  return maskQuoted(seen, isAboutSecret(seen));
}

/** What Secrets hold that is no secret, as an operator says: `namespace/name/key`, the namespace or `*`. */
function notLookedFor(config: MaskerOptions['config']): ReachOptions['notLookedFor'] {
  const values = new Set(config?.exceptions.values);
  if (values.size === 0) return undefined;
  return (namespace, secret, key) => values.has(`${namespace}/${secret}/${key}`) || values.has(`*/${secret}/${key}`);
}
