import { CountersignError } from '../../src/domain/errors.ts';
import type { Standing } from '../../src/domain/standing.ts';

/** A caller that a test lets fall. */
export interface Fallible extends Standing {
  /** From now on `check` throws, where `when` says so of the tool; who watches is told. */
  fall(when?: (tool: string | undefined) => boolean): void;
  /** How many watch now. */
  readonly watched: number;
  /** The tools that were asked for. */
  readonly asked: readonly (string | undefined)[];
}

export function fallible(): Fallible {
  const watchers = new Set<() => void>();
  const asked: (string | undefined)[] = [];
  let fallen: (tool: string | undefined) => boolean = () => false;
  return {
    asked,
    check: (tool) => {
      asked.push(tool);
      if (fallen(tool)) throw new CountersignError('Unauthorized', 'The caller bot is suspended', { hint: 'stop' });
    },
    watch: (changed) => {
      const watcher = (): void => changed();
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    fall: (when = () => true) => {
      fallen = when;
      for (const changed of [...watchers]) changed();
    },
    get watched() {
      return watchers.size;
    },
  };
}
