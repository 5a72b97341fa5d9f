/** A value that is made when it is asked for the first time; what it is made of is let go then. */
class Lazy<T> {
  #state: { readonly make: () => T } | { readonly value: T };

  constructor(make: () => T) {
    this.#state = { make };
  }

  get(): T {
    if ('make' in this.#state) this.#state = { value: this.#state.make() };
    return this.#state.value;
  }
}

export function lazy<T>(make: () => T): () => T {
  const held = new Lazy(make);
  return () => held.get();
}
