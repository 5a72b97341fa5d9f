import { rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Log } from '../domain/environment.ts';
import type { State } from '../domain/state.ts';
import { namesIn, once, statIfThere } from './files.ts';

/** Who waits for what, over all processes: one file a wait in a folder a process, believed while that process is alive. */
export interface Awaiting {
  add(id: string): () => void;
  has(id: string): Promise<boolean>;
}

/** Milliseconds for which the answer about which other processes live is kept. */
const keepFor = 250;

/** Milliseconds after which others are told that nobody waits any more. */
const goneFor = 200;

const processForm = /^[0-9a-z]{12}$/;

export interface AwaitingParts {
  readonly state: State;
  readonly clock: Clock;
  readonly log: Log;
  readonly changed: (id: string) => void;
}

export function createAwaiting({ state, clock, log, changed }: AwaitingParts): Awaiting {
  const own = new Map<string, number>();
  const folder = once(() => state.folder('awaiting'));
  const pathOf = async (process: string, id: string): Promise<string> => join(await folder(), process, id);
  const publish = createPublisher(async (id) => {
    const path = await pathOf(state.process, id);
    if (own.has(id)) await state.mark(path, '');
    else await unlink(path).catch(() => undefined);
    changed(id);
  }, log);
  let others: { readonly at: number; readonly alive: Promise<readonly string[]> } | undefined;
  const count = (id: string, step: 1 | -1): void => {
    const before = own.get(id) ?? 0;
    if (before + step === 0) own.delete(id);
    else own.set(id, before + step);
    if (before === 0) publish(id);
    // Whoever stops to wait mostly goes on to claim, and is not held up by telling so.
    else if (before + step === 0) setTimeout(() => publish(id), goneFor).unref();
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
        others = { at: now, alive: folder().then((path) => livingOthers(state, path)) };
      for (const process of await others.alive) if (statIfThere(await pathOf(process, id)) !== undefined) return true;
      return false;
    },
  };
}

async function livingOthers(state: State, folder: string): Promise<readonly string[]> {
  const living: string[] = [];
  for (const process of namesIn(folder) ?? []) {
    if (process === state.process || !processForm.test(process)) continue;
    if (await state.isAlive(process)) living.push(process);
    else await rm(join(folder, process), { recursive: true, force: true });
  }
  return living;
}

/** One at a time for each id, with what is so when its turn comes. It only informs people: a failure is tried at the next change. */
function createPublisher(write: (id: string) => Promise<void>, log: Log): (id: string) => void {
  const waiting = new Set<string>();
  let last = Promise.resolve();
  return (id) => {
    if (waiting.has(id)) return;
    waiting.add(id);
    last = last
      .then(() => {
        waiting.delete(id);
        return write(id);
      })
      .catch((thrown: unknown) => log.warn('who waits is not written down', { approval: id, cause: String(thrown) }));
  };
}
