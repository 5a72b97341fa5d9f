/** Something that is open: it is told the time once a second, and when the server closes. */
interface Open {
  tick(now: number): void;
  /** Ends as soon as it can, with an answer where one is owed. */
  close(): void;
}

/** Everything that is open on the server: one timer for all of it, and one place to end it. */
export interface InFlight {
  readonly size: number;
  /** Returns how to take it out again. */
  add(open: Open): () => void;
  tick(now: number): void;
  closeAll(): void;
  /** Resolves when nothing is open. */
  readonly empty: Promise<void>;
}

export function createInFlight(): InFlight {
  const all = new Set<Open>();
  let waiting: (() => void)[] = [];
  return {
    get size() {
      return all.size;
    },
    add: (open) => {
      all.add(open);
      return () => {
        all.delete(open);
        if (all.size > 0) return;
        for (const resolve of waiting) resolve();
        waiting = [];
      };
    },
    tick: (now) => {
      for (const open of all) open.tick(now);
    },
    closeAll: () => {
      for (const open of [...all]) open.close();
    },
    get empty() {
      return all.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
