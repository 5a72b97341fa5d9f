import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { State } from '../../domain/state.ts';
import { once, readIfThere } from '../files.ts';

/**
 * Which process holds Slack. One file a term, made exclusively, with the process in it; the highest counts. A term ends when
 * its process is dead (its socket refuses) or has given it back; a process that only stands still keeps it.
 */
export interface Holder {
  /** Whether this process holds it now; takes it where nobody does. */
  hold(): Promise<boolean>;
  release(): Promise<void>;
}

const nobody = 'nobody';
const termForm = /^\d{1,12}$/;

export function createHolder(state: State): Holder {
  const folder = once(() => state.folder('slack-holder'));
  let held: number | undefined;
  const highest = async (): Promise<number> =>
    Math.max(0, ...(await readdir(await folder())).filter((name) => termForm.test(name)).map(Number));
  const take = async (term: number, who: string): Promise<boolean> => {
    const path = join(await folder(), String(term));
    // Looked at again: whoever stood still while others went on must not believe in a term that is long over.
    return (await state.createExclusive(path, who)) && (await highest()) === term;
  };
  const isFree = async (term: number): Promise<boolean> => {
    if (term === 0) return true;
    const process = readIfThere(join(await folder(), String(term)));
    return process === undefined || process === nobody || !(await state.isAlive(process));
  };
  return {
    hold: async () => {
      if (held !== undefined) return true;
      const last = await highest();
      if (!(await isFree(last)) || !(await take(last + 1, state.process))) return false;
      held = last + 1;
      for (const name of await readdir(await folder()))
        if (termForm.test(name) && Number(name) < held) await unlink(join(await folder(), name)).catch(() => undefined);
      return true;
    },
    release: async () => {
      const term = held;
      held = undefined;
      if (term !== undefined) await take(term + 1, nobody);
    },
  };
}
