import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { State } from '../domain/state.ts';
import { statIfThere } from './files.ts';
import type { Store } from './store.ts';

/**
 * Which approvals there are. Each id stands on a line of one file before its approval is there, so that only what is new is
 * read: listing ten thousand folders takes longer than all else of a request.
 *
 * It only grows, and may: a line has 10 bytes, an agent asks for 60 in an hour at the most (`askedPerHour`), so one that does
 * so day and night adds 5 MB in a year. Nobody ever reads what was there before: a process begins at the end, and lists the
 * folders once. Made shorter under a living process it could hide an id from it; removed while none runs, it is begun anew.
 */
export interface Roll {
  add(id: string): Promise<void>;
  /** Ids that came since the last call, some perhaps twice or never asked; of the first call all that there are. */
  news(): Promise<readonly string[]>;
}

const idForm = /^cs-[0-9a-z]{6}$/;

export function createRoll(state: State, store: Pick<Store, 'ids'>): Roll {
  const path = join(state.root, 'approvals-roll');
  /** Bytes that were read. Undefined: the folders were never listed. */
  let offset: number | undefined;
  const news = async (): Promise<readonly string[]> => {
    const size = statIfThere(path)?.size ?? 0;
    if (offset === size) return [];
    if (offset === undefined || size < offset) {
      // Before the listing, so that nothing falls in between.
      offset = size;
      return store.ids();
    }
    const added = readFrom(path, offset, size);
    const whole = added.slice(0, added.lastIndexOf('\n') + 1);
    offset += Buffer.byteLength(whole);
    return whole.split('\n').filter((id) => idForm.test(id));
  };
  return { add: (id) => state.append(path, id), news };
}

function readFrom(path: string, from: number, to: number): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(to - from);
    const read = readSync(file, bytes, 0, bytes.length, from);
    return bytes.toString('latin1', 0, read);
  } finally {
    closeSync(file);
  }
}
