import { type FSWatcher, watch as watchFolder } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Milliseconds between two looks at the folder's time of change, where the operating system's notices fail or lag. */
const pollEvery = 50;

/** Neither the watcher nor the timer keeps the process alive. Returns how to stop. */
export function watch(folder: string, changed: () => void): () => void {
  let stopped = false;
  let pending = false;
  let last: bigint | undefined;
  const notice = (): void => {
    if (pending || stopped) return;
    pending = true;
    setImmediate(() => {
      pending = false;
      if (!stopped) changed();
    });
  };
  const watcher = start(folder, notice);
  const look = async (): Promise<void> => {
    const now = await stat(folder, { bigint: true }).then(
      (found) => found.mtimeNs,
      () => undefined,
    );
    if (last !== undefined && now !== last) notice();
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

function start(folder: string, notice: () => void): FSWatcher | undefined {
  try {
    const watcher = watchFolder(folder, { persistent: false }, notice);
    // Out of watches, or the folder is gone: the poll goes on alone.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
