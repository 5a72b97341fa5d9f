/** A request under way that somebody looks after. */
export interface Watched {
  /** Called about 20 times a second; `now` is of `performance.now()`. */
  look(now: number): void;
}

/** Milliseconds between two looks. */
const tick = 50;

/**
 * One timer for all requests under way, in place of a timer and a listener for each, which cost more than the rest of what a
 * short read does before and after it waits. Runs only while there are any.
 */
class Watch {
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  add(watched: Watched): void {
    this.#watched.add(watched);
    // the socket of a request keeps the process alive, not this
    this.#timer ??= setInterval(() => this.#look(), tick).unref();
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched);
  }

  #look(): void {
    if (this.#watched.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = performance.now();
    for (const each of this.#watched) each.look(now);
  }
}

/** Of the whole process. */
export const watch = new Watch();
