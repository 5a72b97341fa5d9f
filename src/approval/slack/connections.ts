import { join } from 'node:path';
import { z } from 'zod';
import type { State } from '../../domain/state.ts';
import { readIfThere } from '../files.ts';
import { json } from '../record.ts';

const folder = 'slack-holder';
const file = 'connections.json';
const schema = z.object({ connections: z.int().min(0) });

/** How many connections of the app Slack counted when it greeted the process that holds Slack; for `countersign doctor`. */
export const writeConnections = async (state: State, connections: number): Promise<void> =>
  state.replace(join(await state.folder(folder), file), JSON.stringify({ connections }));

/** Undefined: nobody was greeted yet. `root`: of the state directory. */
export async function readConnections(root: string): Promise<number | undefined> {
  const content = readIfThere(join(root, folder, file));
  return content === undefined ? undefined : schema.safeParse(json(content)).data?.connections;
}
