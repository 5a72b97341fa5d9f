import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Adapter, Low } from 'lowdb';
import { z } from 'zod';
import { approvalStates } from '../domain/approval.ts';
import type { State } from '../domain/state.ts';
import { once, readIfThere } from './files.ts';
import { json } from './record.ts';
import { createTurns } from './turns.ts';

/**
 * What is listed and watched, beside the files that decide. It decides nothing: a lost or corrupt one is made again from
 * those, and of an open approval nothing is ever believed from here.
 */
const viewSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  state: z.enum(approvalStates),
  principal: z.object({ issuer: z.string(), subject: z.string(), agent: z.string() }),
  person: z.string().optional(),
  callDigest: z.string(),
  planDigest: z.string(),
  createdAt: z.number(),
  /** When it reached its state; undefined while it is open. */
  endedAt: z.number().optional(),
  denied: z.boolean(),
});
export type View = z.infer<typeof viewSchema>;

/** Undefined: missing or corrupt. */
interface Row {
  readonly view: View | undefined;
}

/** lowdb's own file adapter renames a temporary file of a fixed name, which two writers mix up, and with mode 0644. */
class StateAdapter implements Adapter<Row> {
  readonly #state: State;
  readonly #path: string;
  constructor(state: State, path: string) {
    this.#state = state;
    this.#path = path;
  }
  async read(): Promise<Row | null> {
    const content = readIfThere(this.#path);
    return content === undefined ? null : { view: viewSchema.safeParse(json(content)).data };
  }
  async write({ view }: Row): Promise<void> {
    if (view !== undefined) await this.#state.show(this.#path, JSON.stringify(view));
  }
}

export interface Views {
  folder(): Promise<string>;
  /** Undefined: missing or corrupt. */
  read(id: string): Promise<View | undefined>;
  write(view: View): Promise<void>;
  remove(id: string): Promise<void>;
}

export function createViews(state: State): Views {
  const folder = once(() => state.folder('approvals-view'));
  const inTurn = createTurns();
  const path = async (id: string): Promise<string> => join(await folder(), `${id}.json`);
  const open = async (id: string): Promise<Low<Row>> =>
    new Low<Row>(new StateAdapter(state, await path(id)), { view: undefined });
  return {
    folder,
    read: async (id) => {
      const low = await open(id);
      await low.read();
      return low.data.view?.id === id ? low.data.view : undefined;
    },
    // The last one stays, whichever takes longer.
    write: (view) =>
      inTurn(view.id, async () => {
        const low = await open(view.id);
        low.data = { view };
        await low.write();
      }),
    remove: async (id) => {
      await unlink(await path(id)).catch(() => undefined);
    },
  };
}
