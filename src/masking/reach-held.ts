import type { KnownValue } from '../domain/masker.ts';

/** Of one namespace: values that its Secrets held once. */
const mostKept = 2_000;
const mostKeptBytes = 2_000_000;

/**
 * The values of one namespace's Secrets as they are, and as they were: a program that was started before a rotation still prints
 * the old one. The list is a new array only when something changed, because what looks for it is made once an array.
 */
export class HeldValues {
  readonly #current = new Map<string, readonly KnownValue[]>();
  /** By value, the oldest first. */
  readonly #before = new Map<string, KnownValue>();
  #beforeBytes = 0;
  #all: readonly KnownValue[] | undefined;

  get all(): readonly KnownValue[] {
    this.#all ??= distinct([...[...this.#current.values()].flat(), ...this.#before.values()]);
    return this.#all;
  }

  /** Whether a Secret of this name is there, or was while we looked. */
  knows(secret: string): boolean {
    if (this.#current.has(secret)) return true;
    const source = `Secret ${secret}/`;
    for (const value of this.#before.values()) if (value.source.startsWith(source)) return true;
    return false;
  }

  valuesOf(secret: string): readonly KnownValue[] {
    return this.#current.get(secret) ?? [];
  }

  set(secret: string, values: readonly KnownValue[]): void {
    const before = this.#current.get(secret) ?? [];
    const same = before.length === values.length && before.every(({ value }, index) => values[index]?.value === value);
    if (same && this.#current.has(secret)) return;
    this.#keep(before.filter(({ value }) => values.every((other) => other.value !== value)));
    this.#current.set(secret, values);
    this.#all = undefined;
  }

  delete(secret: string): void {
    const before = this.#current.get(secret);
    if (before === undefined) return;
    this.#current.delete(secret);
    this.#keep(before);
    this.#all = undefined;
  }

  /** Those that are not named are gone. */
  replace(secrets: ReadonlyMap<string, readonly KnownValue[]>): void {
    for (const name of [...this.#current.keys()]) if (!secrets.has(name)) this.delete(name);
    for (const [name, values] of secrets) this.set(name, values);
  }

  #keep(values: readonly KnownValue[]): void {
    for (const each of values) {
      if (this.#before.delete(each.value)) this.#beforeBytes -= each.value.length;
      this.#before.set(each.value, each);
      this.#beforeBytes += each.value.length;
    }
    for (const oldest of this.#before.keys()) {
      if (this.#before.size <= mostKept && this.#beforeBytes <= mostKeptBytes) return;
      this.#before.delete(oldest);
      this.#beforeBytes -= oldest.length;
    }
  }
}

/** One a value: the first source is the one that is named. */
export function distinct(values: readonly KnownValue[]): readonly KnownValue[] {
  const byValue = new Map<string, KnownValue>();
  for (const each of values) if (!byValue.has(each.value)) byValue.set(each.value, each);
  return [...byValue.values()];
}
