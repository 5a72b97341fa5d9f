import type { Log } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { unavailable } from './unavailable.ts';

/** While the log cannot be written, how often it is tried without being asked. */
const tryAgainEvery = 1_000;

export interface HealthOptions {
  readonly folder: string;
  readonly log: Log;
}

/** Whether the log can be written, as operators are told. While it cannot, readiness is red and perhaps nobody calls: so it is tried. */
export class Health {
  isGood = true;
  readonly #options: HealthOptions;
  readonly #tryAgain: () => void;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: HealthOptions, tryAgain: () => void) {
    this.#options = options;
    this.#tryAgain = tryAgain;
  }

  /** `dropped`: notes that found no room since it was bad. */
  succeeded(file: string, dropped: number): void {
    if (!this.isGood) this.#options.log.info('the audit log can be written again', { file });
    this.isGood = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (dropped > 0) this.#options.log.error('outcomes of reads are missing in the audit log', { dropped });
  }

  /** What those who wait are told. */
  failed(thrown: unknown): CountersignError {
    const failure = thrown instanceof CountersignError ? thrown : unavailable(this.#options.folder, thrown);
    if (this.isGood) this.#options.log.error('the audit log cannot be written', { cause: failure.message });
    this.isGood = false;
    if (this.#ended) return failure;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tryAgain();
    }, tryAgainEvery).unref();
    return failure;
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }
}
