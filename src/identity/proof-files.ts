import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../domain/environment.ts';
import type { State } from '../domain/state.ts';
import type { TakeProof } from './replay.ts';

/** Milliseconds of a folder; a proof lives for some two minutes. */
const span = 300_000;

/**
 * Used proofs as empty files of the state directory, so that a proof is good once for all processes and over a restart. In
 * folders by the time of their end, which is the proof's own and so the same in each process; old ones are removed whole.
 */
export function createProofFiles(state: Pick<State, 'folder' | 'mark'>, clock: Clock): TakeProof {
  let newest = 0;
  const removeOld = async (folder: string): Promise<void> => {
    const oldest = Math.floor(clock.now() / span) - 1;
    for (const name of await readdir(folder))
      if (/^\d+$/.test(name) && Number(name) < oldest) await rm(join(folder, name), { recursive: true, force: true });
  };
  return async (key, until) => {
    const folder = await state.folder('proofs');
    const bucket = Math.floor(until / span);
    const isNew = await state.mark(join(folder, String(bucket), key), '');
    if (bucket > newest) {
      newest = bucket;
      // Litter: what is left is removed with the next folder.
      removeOld(folder).catch(() => undefined);
    }
    return isNew;
  };
}
