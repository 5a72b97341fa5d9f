import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../domain/environment.ts';
import type { State } from '../domain/state.ts';
import { json } from './record.ts';
import { once, readIfThere } from './store.ts';

/** Who waits for what, over all processes: one file a process, believed while that process is alive. */
export interface Awaiting {
  add(id: string): () => void;
  has(id: string): Promise<boolean>;
}

/** Milliseconds for which the answer about other processes is kept. */
const keepFor = 250;
/** Milliseconds in which attaching and detaching are gathered into one write. */
const gather = 20;

const listed = z.array(z.string());

export function createAwaiting(state: State, clock: Clock, changed: (id: string) => void): Awaiting {
  const own = new Map<string, number>();
  const folder = once(() => state.folder('awaiting'));
  const publish = createPublisher(async () => {
    await state.replace(join(await folder(), `${state.process}.json`), JSON.stringify([...own.keys()]));
  });
  let others: { readonly at: number; readonly ids: Promise<ReadonlySet<string>> } | undefined;
  const count = (id: string, step: 1 | -1): void => {
    const before = own.get(id) ?? 0;
    if (before + step === 0) own.delete(id);
    else own.set(id, before + step);
    if (before === 0 || before + step === 0) {
      publish();
      changed(id);
    }
  };
  return {
    add: (id) => {
      count(id, 1);
      let attached = true;
      return () => {
        if (attached) count(id, -1);
        attached = false;
      };
    },
    has: async (id) => {
      if (own.has(id)) return true;
      const now = clock.now();
      if (others === undefined || Math.abs(now - others.at) >= keepFor)
        others = { at: now, ids: folder().then((path) => readOthers(state, path)) };
      return (await others.ids).has(id);
    },
  };
}

async function readOthers(state: State, folder: string): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const name of await readdir(folder)) {
    const id = /^([0-9a-z]+)\.json$/.exec(name)?.[1];
    if (id === undefined || id === state.process) continue;
    const path = join(folder, name);
    if (!(await state.isAlive(id))) await unlink(path).catch(() => undefined);
    else for (const each of listed.safeParse(json((await readIfThere(path)) ?? '')).data ?? []) ids.add(each);
  }
  return ids;
}

/** One write at a time, and one more for what changed meanwhile. It only informs people, so a failure is tried at the next change. */
function createPublisher(write: () => Promise<void>): () => void {
  let scheduled = false;
  let last = Promise.resolve();
  return () => {
    if (scheduled) return;
    scheduled = true;
    setTimeout(() => {
      scheduled = false;
      last = last.then(write).catch(() => undefined);
    }, gather).unref();
  };
}
