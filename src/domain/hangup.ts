/**
 * What a call listens to: the part of an AbortSignal (https://dom.spec.whatwg.org/#abortsignal) that it needs, so that either
 * can be given. An AbortSignal of Node takes a kilobyte and a hidden class of its own, and calls wait by the thousand.
 */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

const none: readonly (() => void)[] = [];

/** A signal and its end in one: aborted once, and each listener told once. */
export class Hangup implements Signal {
  aborted = false;
  reason: unknown;
  /** Made anew for each change, because a list that is added to is given room for sixteen more. */
  #listeners: readonly (() => void)[] = none;

  abort(reason?: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = none;
    for (const listener of listeners) listener();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.aborted) this.#listeners = this.#listeners.concat(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index >= 0) this.#listeners = this.#listeners.filter((_, each) => each !== index);
  }
}

/** Never aborted. */
export const never: Signal = Object.freeze({
  aborted: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
});
