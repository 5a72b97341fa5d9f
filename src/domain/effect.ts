import type { Json } from './json.ts';
import type { ObjectRef } from './resource.ts';

/**
 * What a call changes on one object. Values are in digest form: a secret leaf is a keyed token (`digest.ts`), so an effect
 * can be hashed, shown through the mask and kept without holding a secret. `undefined` for from or to means: not there.
 */
export interface ObjectEffect {
  readonly object: ObjectRef;
  readonly action: 'create' | 'configure' | 'unchanged' | 'delete' | 'scale' | 'exec';
  readonly uid?: string;
  readonly changes: readonly Change[];
  /** Paths that admission sets anew each time (they differed between two dry-runs); not in the digest. */
  readonly varies: readonly string[];
  /** Paths whose value the server allocates when it really runs (clusterIP, nodePort). */
  readonly allocated: readonly string[];
  /** What the manifest omits and our manager owned: carried forward, so it stays. */
  readonly stays: readonly string[];
  /** What goes because of `prune`, or leaves with the last owner. */
  readonly removes: readonly string[];
  /** Fields of other managers that this call takes over. */
  readonly takes: readonly Ownership[];
  /** Fields that become co-owned, the value being equal. */
  readonly shares: readonly Ownership[];
  /** Server warnings of the dry-run, raw: through the mask before anybody sees them. */
  readonly warnings: readonly string[];
  /** What goes with a delete, counted per `resource.group`; undefined where it may not or cannot be counted. */
  readonly deletesWith?: readonly { readonly resourceGroup: string; readonly count: number | undefined }[];
  readonly finalizers?: readonly string[];
  readonly terminating?: boolean;
  /** Why the effect could not be computed; undefined: it is known. */
  readonly unknown?: string;
}

/** What an effect has that changes no field by itself. */
export const noFields = {
  changes: [],
  varies: [],
  allocated: [],
  stays: [],
  removes: [],
  takes: [],
  shares: [],
  warnings: [],
} as const satisfies Partial<ObjectEffect>;

export interface Change {
  /** As `formatPath` prints it. */
  readonly path: string;
  readonly from: Json | undefined;
  readonly to: Json | undefined;
  /** A leaf that the mask hides: people see new, changed or unchanged, never the token. */
  readonly hidden: boolean;
  /** What stands there now has a value of a Secret in it, at a place that is none for secrets. Agents are not told whether theirs is equal. */
  readonly copy?: true;
}

export interface Ownership {
  readonly path: string;
  readonly manager: string;
  readonly live: Json | undefined;
  readonly yours: Json | undefined;
  readonly hidden: boolean;
}
