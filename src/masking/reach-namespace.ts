import type { SecretReader } from '../domain/cluster.ts';
import type { Clock, Log } from '../domain/environment.ts';
import { toCountersignError } from '../domain/errors.ts';
import { Hangup } from '../domain/hangup.ts';
import { type JsonObject, stringAt } from '../domain/json.ts';
import type { KnownValue } from '../domain/masker.ts';
import { HeldValues } from './reach-held.ts';
import { valuesOf } from './secret-values.ts';

/** Milliseconds after which a watch that could not begin is tried again; until then every call lists. */
const watchAgain = 300_000;

const nameOf = (secret: JsonObject): string => stringAt(secret, 'metadata', 'name') ?? '';

export type NotLookedFor = (namespace: string, secret: string, key: string) => boolean;

interface NamespaceOptions {
  readonly reader: SecretReader;
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly notLookedFor?: NotLookedFor | undefined;
}

/**
 * The Secrets of one namespace: listed once and watched from then on, so that the usual call sends nothing. Where there is no
 * open watch they are listed anew, so that what is shown is never masked by what was true a while ago.
 */
export class SecretsOfNamespace {
  readonly held = new HeldValues();
  readonly #options: NamespaceOptions;
  #listing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #watch: { readonly end: Hangup; open: boolean } | undefined;
  #noWatchUntil = 0;

  constructor(options: NamespaceOptions) {
    this.#options = options;
  }

  /** Every change is told at once: nothing needs to be asked. */
  get isCurrent(): boolean {
    return this.#watch?.open === true;
  }

  /** @throws what the reader throws */
  async current(): Promise<HeldValues> {
    if (this.isCurrent) return this.held;
    const underWay = this.#listing;
    if (underWay === undefined) {
      this.#listing = this.#list().finally(() => {
        this.#listing = undefined;
      });
      await this.#listing;
      return this.held;
    }
    // What is under way may be older than what this call is about to read: all who wait for it share the next one.
    await underWay.catch(() => undefined);
    if (this.isCurrent) return this.held;
    this.#next ??= this.#list().finally(() => {
      this.#next = undefined;
    });
    await this.#next;
    return this.held;
  }

  /** What was read stays. */
  unwatch(): void {
    this.#watch?.end.abort();
    this.#watch = undefined;
  }

  async #list(): Promise<void> {
    const { secrets, resourceVersion } = await this.#options.reader.listSecrets(this.#options.namespace);
    this.held.replace(new Map(secrets.map((secret) => [nameOf(secret), this.#valuesOf(secret)])));
    if (this.#watch !== undefined || resourceVersion === '' || this.#options.clock.now() < this.#noWatchUntil) return;
    void this.#follow(resourceVersion);
  }

  #valuesOf(secret: JsonObject): readonly KnownValue[] {
    const { namespace, notLookedFor } = this.#options;
    const name = nameOf(secret);
    return valuesOf(secret, notLookedFor === undefined ? undefined : (key) => notLookedFor(namespace, name, key));
  }

  /** Ends at the first thing that is not understood: the next call lists. */
  async #follow(resourceVersion: string): Promise<void> {
    const watch = { end: new Hangup(), open: false };
    this.#watch = watch;
    const mine = (): boolean => this.#watch === watch;
    try {
      await this.#options.reader.watchSecrets(this.#options.namespace, resourceVersion, {
        opened: () => {
          watch.open = true;
        },
        changed: (secret) => this.held.set(nameOf(secret), this.#valuesOf(secret)),
        deleted: (secret) => this.held.delete(nameOf(secret)),
        signal: watch.end,
      });
    } catch (thrown) {
      if (mine() && !watch.open) {
        this.#noWatchUntil = this.#options.clock.now() + watchAgain;
        const cause = toCountersignError(thrown).message;
        const { log, namespace } = this.#options;
        log.warn('Secrets cannot be watched, so each call lists them', { namespace, cause });
      }
    } finally {
      watch.open = false;
      if (mine()) this.#watch = undefined;
    }
  }
}
