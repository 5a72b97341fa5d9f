import type { Json } from './json.ts';
import type { Masked } from './masked.ts';
import type { Path } from './path.ts';
import type { ResourceType } from './resource.ts';

/** What the values at hand are: nothing but structure, or those that a pod or namespace can reach. */
export interface MaskScope {
  /** Known secret values in reach, each with the source that its placeholder names (`Secret db/password`). */
  readonly values: readonly KnownValue[];
}
export interface KnownValue {
  readonly value: string;
  readonly source: string;
}

/** The only way from a raw value to a Masked one. */
export interface Masker {
  /** By structure (and the scope's values): an API object, a List, a Table, a Status. `masked` names the paths that were hidden. */
  object(raw: Json, scope?: MaskScope): { readonly value: Masked<Json>; readonly masked: readonly string[] };
  /** Text of a program or of the API server: the scope's values, raw and base64. */
  text(raw: string, scope?: MaskScope): Masked<string>;
  /** Our own words, and what the caller itself sent: echoed, with control characters made visible. */
  echo(own: string): Masked<string>;
  /** The leaves of an object that structure hides (Secret data, sensitive env and ConfigMap keys …): digest form and ownership use them. */
  sensitivePaths(type: ResourceType, object: Json): readonly Path[];
  /** Whether any of our placeholders stands anywhere in the input (plain, base64, inside a string), and at which path. */
  placeholderIn(input: Json): string | undefined;
  /** The values that a pod of the cluster of this name can reach. @throws MaskingUnavailable when they cannot be read whole */
  podScope(cluster: string, namespace: string, pod: string): Promise<MaskScope>;
}
