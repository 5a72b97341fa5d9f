import type { SecretReader } from '../domain/cluster.ts';
import type { Log } from '../domain/environment.ts';
import type { Json } from '../domain/json.ts';
import type { Masker, MaskScope } from '../domain/masker.ts';
import { formatPath, type Path } from '../domain/path.ts';
import { type ResourceType, resourceGroup } from '../domain/resource.ts';
import { seal } from '../domain/seal.ts';
import { LogLines } from './log-lines.ts';
import { matcherOf } from './matcher.ts';
import { isAboutSecret, maskPatterns, maskQuoted } from './patterns.ts';
import { findPlaceholder } from './placeholder.ts';
import { podScope } from './pod-scope.ts';
import { createStream } from './stream.ts';
import { maskSeen } from './stream-text.ts';
import { reveal, strip } from './strip.ts';
import { Walk } from './walk.ts';

export interface MaskerOptions {
  /** Of the cluster of a name, reading with an identity of its own; undefined: nothing that needs known values is shown. */
  readonly secretReader?: ((cluster: string) => SecretReader) | undefined;
  readonly log: Log;
}

/** Kinds that are told by their resource where an object does not carry its own. */
const kindByResource: ReadonlyMap<string, string> = new Map([
  ['secrets', 'Secret'],
  ['configmaps', 'ConfigMap'],
]);

export function createMasker({ secretReader, log }: MaskerOptions): Masker {
  return {
    object(raw: Json, scope?: MaskScope) {
      const walk = new Walk(matcherOf(scope));
      const value = seal(walk.object(raw));
      return { value, masked: walk.hidden.map(formatPath) };
    },
    text: (raw, scope) => seal(maskText(raw, scope)),
    stream: createStream,
    log: (scope, onLine) => new LogLines(createStream(scope), onLine),
    echo: (own) => seal(reveal(own)),
    sensitivePaths: (type: ResourceType, object: Json): readonly Path[] => {
      const walk = new Walk(undefined);
      walk.object(object, kindByResource.get(resourceGroup(type)));
      return walk.hidden;
    },
    placeholderIn: findPlaceholder,
    podScope: (cluster, namespace, pod) => podScope(secretReader?.(cluster), log, namespace, pod),
  };
}

/** Text of a program has its scope; text of the API server has none, and may quote what it refuses. */
function maskText(raw: string, scope: MaskScope | undefined): string {
  const seen = strip(raw);
  if (scope === undefined) return maskPatterns(maskQuoted(seen, isAboutSecret(seen)));
  return maskSeen(seen, matcherOf(scope), scope.onHit);
}
