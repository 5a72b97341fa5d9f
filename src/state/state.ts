import { dirname, join, resolve, sep } from 'node:path';
import type { Clock, Log, Random } from '../domain/environment.ts';
import { CountersignError, invalid } from '../domain/errors.ts';
import type { State } from '../domain/state.ts';
import { append, createExclusiveAll, mark, replace, show, syncFolder, takeFolder } from './files.ts';
import { openKeys, rotateKey } from './keys.ts';
import { listen } from './liveness.ts';
import { prepareRoot } from './root.ts';
import { watch } from './watch.ts';

export interface StateOptions {
  /** Absolute, as `resolveStateRoot` finds it. Made with mode 0700 if it is missing. */
  readonly root: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Opens the state directory for this process.
 * @throws Invalid when the directory is open to others, not ours, on a network file system or of a newer format; each with
 * what to do. Unavailable when it cannot be written.
 */
export async function openState(options: StateOptions): Promise<State> {
  const root = resolve(options.root);
  await prepareRoot(root);
  const folder = (...segments: readonly string[]): Promise<string> => makeFolders(root, segments);
  const [keys, sockets] = await Promise.all([
    folder('keys').then((path) => openKeys(path, options.clock, options.random)),
    folder('processes'),
  ]);
  const self = newProcessId(options.random);
  const liveness = await listen(sockets, self);
  // Old sockets are litter, not a danger: they are swept behind the start.
  liveness.sweep().catch(() => options.log.warn('cannot sweep old sockets', { folder: sockets }));
  const inside = (path: string): string => {
    if (!resolve(path).startsWith(root + sep)) throw new CountersignError('Internal', 'a path outside of the state');
    return path;
  };
  const stops = new Set<() => void>();
  return {
    root,
    process: self,
    folder,
    createExclusive: async (path, content) => (await createExclusiveAll([{ path: inside(path), content }]))[0] === true,
    createExclusiveAll: async (files) =>
      createExclusiveAll(files.map(({ path, content }) => ({ path: inside(path), content }))),
    mark: async (path, content) => mark(inside(path), content),
    takeFolder: async (path) => takeFolder(inside(path)),
    sync: async (path) => syncFolder(inside(path)),
    replace: async (path, content) => replace(inside(path), content),
    show: async (path, content) => show(inside(path), content),
    append: async (path, line) => append(inside(path), line),
    isAlive: liveness.isAlive,
    ...keys,
    watch: (path, changed) => {
      const stop = watch(inside(path), changed);
      stops.add(stop);
      return () => {
        stops.delete(stop);
        stop();
      };
    },
    close: async () => {
      for (const stop of stops) stop();
      stops.clear();
      await liveness.close();
    },
  };
}

/** Makes a new sealing key for the processes that start from now on. Returns its id. */
export const rotateStateKey = async (state: State, clock: Clock, random: Random): Promise<string> =>
  rotateKey(await state.folder('keys'), clock, random);

const newProcessId = (random: Random): string =>
  Array.from(random.bytes(12), (byte) => (byte % 36).toString(36)).join('');

const segmentForm = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,120}$/;

async function makeFolders(root: string, segments: readonly string[]): Promise<string> {
  let path = root;
  for (const segment of segments) {
    if (!segmentForm.test(segment)) throw invalid(`not a folder name of the state directory: ${segment}`);
    path = join(path, segment);
    if (takeFolder(path)) await syncFolder(dirname(path));
  }
  return path;
}
