import { type FSWatcher, statSync, watch as watchFolder } from 'node:fs';

/** Milliseconds between two looks at the folder's time of change, where the operating system's notices fail or lag. */
const pollEvery = 50;

/** The names that changed, or undefined where they are not known. */
type Changed = (names: ReadonlySet<string> | undefined) => void;

/** Neither the watcher nor the timer keeps the process alive. Returns how to stop. */
export function watch(folder: string, changed: Changed): () => void {
  let stopped = false;
  let pending: Set<string> | undefined;
  let unknown = false;
  let noticed = false;
  let last: bigint | undefined;
  const notice = (name?: string | null): void => {
    if (stopped) return;
    noticed = true;
    if (typeof name !== 'string') unknown = true;
    if (pending !== undefined) {
      if (typeof name === 'string') pending.add(name);
      return;
    }
    const names = new Set(typeof name === 'string' ? [name] : []);
    pending = names;
    setImmediate(() => {
      const whole = unknown;
      pending = undefined;
      unknown = false;
      if (!stopped) changed(whole ? undefined : names);
    });
  };
  const watcher = start(folder, notice);
  const look = async (): Promise<void> => {
    const before = noticed;
    // Before the look: a notice that comes meanwhile may be of a change that only the next look sees.
    noticed = false;
    const now = changedAt(folder);
    // A notice of what was just seen may be on its way still.
    if (last !== undefined && now !== last && !before) await new Promise<void>((resolve) => setImmediate(resolve));
    // What the operating system said is not said again: who hears of a change without names looks at everything.
    if (last !== undefined && now !== last && !before && !noticed) notice();
    last = now;
    if (!stopped) timer = setTimeout(look, pollEvery).unref();
  };
  let timer: NodeJS.Timeout | undefined;
  void look();
  return () => {
    stopped = true;
    clearTimeout(timer);
    watcher?.close();
  };
}

/** In place: twenty times a second another thread would cost ten times as much. Undefined: it is gone. */
function changedAt(folder: string): bigint | undefined {
  try {
    return statSync(folder, { bigint: true }).mtimeNs;
  } catch {
    return undefined;
  }
}

function start(folder: string, notice: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watchFolder(folder, { persistent: false }, (_, name) => notice(name));
    // Out of watches, or the folder is gone: the poll goes on alone.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
