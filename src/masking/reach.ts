import type { SecretReader } from '../domain/cluster.ts';
import type { Clock, Log } from '../domain/environment.ts';
import { CountersignError, toCountersignError } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import { ident } from '../domain/masked.ts';
import type { KnownValue, MaskScope } from '../domain/masker.ts';
import { distinct, type HeldValues } from './reach-held.ts';
import { Joined } from './reach-joined.ts';
import { type NotLookedFor, SecretsOfNamespace } from './reach-namespace.ts';
import { inlineValues, type SecretReference, secretsOf } from './references.ts';

export interface ReachOptions {
  /** Of the cluster of a name, reading with an identity of its own; undefined: nothing that needs known values is shown. */
  readonly secretReader?: ((cluster: string) => SecretReader) | undefined;
  /** The server's own credentials, as they are now; the same array while nothing changed. */
  readonly ownValues?: (() => readonly KnownValue[]) | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Values of Secrets that are no secrets. */
  readonly notLookedFor?: NotLookedFor | undefined;
}

/** Namespaces of all clusters that are watched at once, and those whose values are held. */
const mostWatched = 32;
const mostHeld = 256;
/** Milliseconds for which a failure is not tried again by a call that goes on without. */
const failureHolds = 30_000;

const none: readonly KnownValue[] = [];

/** Which values could stand in what a call shows. */
export class Reach {
  readonly #options: ReachOptions;
  /** By cluster and namespace, the one used longest ago first. */
  readonly #namespaces = new Map<string, SecretsOfNamespace>();
  readonly #failed = new Map<string, { readonly until: number; readonly error: CountersignError }>();
  readonly #joined = new Joined();

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  /** @throws MaskingUnavailable */
  async of(cluster: string, namespace: string, pod: JsonObject | undefined): Promise<MaskScope> {
    // Who only looks at objects goes on without; a failure is not asked for again at each of them.
    const known = pod === undefined ? this.#failed.get(key(cluster, namespace)) : undefined;
    if (known !== undefined && this.#options.clock.now() < known.until) throw known.error;
    const held = await this.#current(cluster, namespace);
    const own = this.#own();
    if (pod === undefined) return { values: this.#joined.of(held.all, own) };
    const more = await this.#ofPod(cluster, namespace, pod, held);
    return { values: this.#joined.of(held.all, own, more) };
  }

  held(cluster: string | undefined): MaskScope {
    const prefix = cluster === undefined ? '' : key(cluster, '');
    const held = [...this.#namespaces].flatMap(([id, { held: values }]) => (id.startsWith(prefix) ? [values.all] : []));
    return { values: this.#joined.of(...held, this.#own()) };
  }

  #own(): readonly KnownValue[] {
    return this.#options.ownValues?.() ?? none;
  }

  async #current(cluster: string, namespace: string): Promise<HeldValues> {
    const id = key(cluster, namespace);
    const secrets = this.#namespaces.get(id);
    if (secrets?.isCurrent === true) return secrets.held;
    try {
      const held = await this.#open(cluster, namespace).current();
      this.#failed.delete(id);
      return held;
    } catch (thrown) {
      const error = this.#unavailable(cluster, namespace, thrown);
      if (this.#failed.size >= mostHeld) this.#failed.clear();
      this.#failed.set(id, { until: this.#options.clock.now() + failureHolds, error });
      throw error;
    }
  }

  /** @throws MaskingUnavailable without an identity that reads */
  #open(cluster: string, namespace: string): SecretsOfNamespace {
    const { secretReader, clock, log, notLookedFor } = this.#options;
    if (secretReader === undefined)
      throw unreadable('no identity is configured that reads Secrets for the mask', namespace);
    const id = key(cluster, namespace);
    const secrets =
      this.#namespaces.get(id) ??
      new SecretsOfNamespace({ reader: secretReader(cluster), namespace, clock, log, notLookedFor });
    this.#namespaces.delete(id);
    this.#namespaces.set(id, secrets);
    const oldest = [...this.#namespaces];
    for (const [, each] of oldest.slice(0, Math.max(0, oldest.length - mostWatched))) each.unwatch();
    for (const [each] of oldest.slice(0, Math.max(0, oldest.length - mostHeld))) this.#namespaces.delete(each);
    return secrets;
  }

  /**
   * What it spells out itself, and Secrets of other namespaces that its volumes name. A Secret that it needs and that was gone
   * before we looked is a fault: the pod may hold what nobody knows.
   */
  async #ofPod(cluster: string, namespace: string, pod: JsonObject, held: HeldValues): Promise<readonly KnownValue[]> {
    const values: KnownValue[] = [...inlineValues(pod)];
    for (const reference of secretsOf(pod)) {
      const other = reference.namespace ?? namespace;
      const there = other === namespace ? held : await this.#current(cluster, other);
      if (other !== namespace) values.push(...there.valuesOf(reference.name));
      if (!reference.optional && !there.knows(reference.name)) throw gone(reference, namespace);
    }
    return this.#joined.same(distinct(values));
  }

  #unavailable(cluster: string, namespace: string, thrown: unknown): CountersignError {
    const cause = toCountersignError(thrown);
    if (cause.code === 'MaskingUnavailable') return cause;
    this.#options.log.warn('the masker cannot read Secrets', { cluster, namespace, cause: cause.message });
    return unreadable(
      `Secrets of namespace ${ident(namespace)} cannot be read (${ident(cause.code)})`,
      namespace,
      cause,
    );
  }
}

const key = (cluster: string, namespace: string): string => `${cluster}\0${namespace}`;

const gone = ({ name, from }: SecretReference, namespace: string): CountersignError =>
  unreadable(`Secret ${ident(name)} (${ident(from)}) is not there any more, so its values are unknown`, namespace);

const unreadable = (what: string, namespace: string, cause?: unknown): CountersignError =>
  new CountersignError('MaskingUnavailable', `The values to be masked are not known: ${what}`, {
    hint: `tell the operator: the identity of the masker needs list and watch on secrets in namespace ${ident(namespace)}`,
    cause,
  });
