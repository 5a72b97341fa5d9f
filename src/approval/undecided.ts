import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Approval, Undecided } from '../domain/approval.ts';
import { invalid } from '../domain/errors.ts';
import { isJsonObject, type Json } from '../domain/json.ts';
import { onTheWay, requestTimeout } from '../domain/open-run.ts';
import { cleanComment } from './comment.ts';
import { type Context, present } from './context.ts';
import { type Current, derive } from './current.ts';
import { namesIn, readIfThere } from './files.ts';
import { announce, current, reread } from './finish.ts';
import { encode, json } from './record.ts';

/**
 * What is being sent, one sealed file a run, in a folder of its own: whoever looks for runs whose outcome is unknown reads
 * the names of a few. Not synced, because without it only a person has to look.
 */
const folderOf = ({ state }: Context): Promise<string> => state.folder('sent');
const fileOf = async (ctx: Context, id: string): Promise<string> => join(await folderOf(ctx), id);
const purpose = (id: string): string => `approval-sent:${id}`;

export async function sending(ctx: Context, id: string, sent: Json): Promise<void> {
  await ctx.state.mark(await fileOf(ctx, id), ctx.state.seal(JSON.stringify({ sent }), purpose(id)));
}

/** Its outcome is known, or nobody finds it out by reading: what was sent is of no use any more. */
export async function forgetSent(ctx: Context, id: string): Promise<void> {
  await unlink(await fileOf(ctx, id)).catch(() => undefined);
}

export async function undecided(ctx: Context): Promise<readonly Undecided[]> {
  const found: Undecided[] = [];
  for (const id of namesIn(await folderOf(ctx)) ?? []) {
    if (id.startsWith('.')) continue;
    const now = await derive(ctx, id);
    if (now === undefined || isSettled(now)) await forgetSent(ctx, id);
    else if (await isDue(ctx, now)) found.push({ approval: await present(ctx, now), sent: await sentOf(ctx, id) });
  }
  return found;
}

const isSettled = ({ state, facts }: Current): boolean =>
  facts.undecidable !== undefined || (state !== 'claimed' && state !== 'unknown');

/** What another process ran that lives is its own to look at. */
async function isDue({ clock, state: { process, isAlive } }: Context, { state, facts }: Current): Promise<boolean> {
  const { outcome, ending } = facts;
  if (state !== 'unknown' || outcome === undefined || ending === undefined) return false;
  if (clock.now() < outcome.time + requestTimeout + onTheWay) return false;
  return ending.process === process || !(await isAlive(ending.process));
}

async function sentOf(ctx: Context, id: string): Promise<Json | undefined> {
  const sealed = readIfThere(await fileOf(ctx, id));
  if (sealed === undefined) return undefined;
  try {
    const kept = json(ctx.state.unseal(sealed, purpose(id)));
    return isJsonObject(kept) ? kept.sent : undefined;
  } catch {
    // A failure of power tore it, or its key is gone.
    return undefined;
  }
}

export async function undecidable(ctx: Context, id: string, because: string): Promise<Approval> {
  const { state } = await current(ctx, id);
  if (state !== 'unknown') throw invalid(`${id} is ${state}: nothing is open about it`);
  await ctx.store.put(id, 'undecidable', encode({ because: cleanComment(ctx, because) ?? '' }));
  await forgetSent(ctx, id);
  return announce(ctx, await reread(ctx, id));
}
