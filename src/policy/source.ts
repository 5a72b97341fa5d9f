import { type FSWatcher, watch } from 'node:fs';
import type { DecisionPoint } from '../domain/decision.ts';
import type { Log } from '../domain/environment.ts';
import { type Bundle, loadBundle } from './bundle.ts';
import { createDecisionPoint } from './decision-point.ts';

/** The policy that follows its folder. */
export interface PolicySource {
  /** What decides now: take it once for a decision, so that each is made by one bundle whole. */
  readonly current: () => DecisionPoint;
  /** The bundle in force, for who wants to read it. */
  readonly bundle: () => Bundle;
  /** What is wrong with the folder now, also while the last good bundle is in force. */
  readonly fault: () => string | undefined;
  /** Reads the folder again; resolves when the result is in force. */
  readonly reload: () => Promise<void>;
  /** Stops watching. */
  readonly close: () => void;
}

const settleMilliseconds = 100;

/**
 * Loads the bundle and follows changes of its folder. A broken change leaves the last good bundle in force and says so in the
 * log; a bundle that was broken from the start denies everything until it is repaired.
 */
export async function openPolicy({ folder, log }: { folder: string; log: Log }): Promise<PolicySource> {
  const holder = new Holder(folder, log, await loadBundle(folder));
  const close = follow(folder, log, () => holder.reload());
  return {
    current: () => holder.point,
    bundle: () => holder.bundle,
    fault: () => holder.fault,
    reload: () => holder.reload(),
    close,
  };
}

class Holder {
  point: DecisionPoint;
  bundle: Bundle;
  fault: string | undefined;
  readonly #folder: string;
  readonly #log: Log;
  #good: boolean;
  /** One reading after the other, so that an older one never replaces a newer one. */
  #queue: Promise<void> = Promise.resolve();

  constructor(folder: string, log: Log, bundle: Bundle) {
    this.#folder = folder;
    this.#log = log;
    this.point = createDecisionPoint(bundle);
    this.bundle = bundle;
    this.fault = bundle.fault;
    this.#good = bundle.fault === undefined;
    if (bundle.fault !== undefined)
      log.error('the policy cannot be used: everything is denied', { fault: bundle.fault });
  }

  reload(): Promise<void> {
    this.#queue = this.#queue.then(async () => this.#take(await loadBundle(this.#folder)));
    return this.#queue;
  }

  #take(bundle: Bundle): void {
    this.fault = bundle.fault;
    if (bundle.fault !== undefined && this.#good) {
      const inForce = this.point.bundleDigest;
      this.#log.error('the changed policy cannot be used: the last good one stays in force', {
        fault: bundle.fault,
        inForce,
      });
      return;
    }
    if (bundle.fault === undefined && this.point.bundleDigest === bundle.digest) return;
    this.point = createDecisionPoint(bundle);
    this.bundle = bundle;
    this.#good = bundle.fault === undefined;
    if (this.#good) this.#log.info('the policy was loaded again', { bundleDigest: bundle.digest });
  }
}

/** Editors write in several steps, so the folder is read once it has been quiet. Never keeps the process alive. */
function follow(folder: string, log: Log, changed: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  const unwatched = (thrown: unknown): void =>
    log.error('the policy folder is not watched: changes need a restart', { folder, fault: String(thrown) });
  try {
    watcher = watch(folder, { persistent: false }, () => {
      clearTimeout(timer);
      timer = setTimeout(() => void changed(), settleMilliseconds).unref();
    });
    watcher.on('error', unwatched);
  } catch (thrown) {
    unwatched(thrown);
  }
  return () => {
    clearTimeout(timer);
    watcher?.close();
  };
}
