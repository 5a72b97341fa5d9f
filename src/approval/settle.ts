import type { Approval } from '../domain/approval.ts';
import { CountersignError } from '../domain/errors.ts';
import { isJsonObject, type Json } from '../domain/json.ts';
import type { Principal } from '../domain/principal.ts';
import { type Context, present } from './context.ts';
import { type Current, derive, withFacts } from './current.ts';
import { announceSoon, current, reread } from './finish.ts';
import { isFinal, isOf } from './listing.ts';
import { json } from './record.ts';

/** Milliseconds for which the identical call gets a result that may not have been seen. */
const resultFor = 3_600_000;

const resultPurpose = (id: string): string => `approval-result:${id}`;

type Command = 'succeed' | 'fail' | 'lose';

/** The result first: an approval that says it ran has it. */
export async function settle(ctx: Context, id: string, command: Command, result: Json): Promise<Approval> {
  const now = await current(ctx, id);
  if (now.facts.ending?.command !== 'claim')
    throw new CountersignError('Internal', `approval ${id} is ${now.state}: it has no run to settle`);
  // Settled before, here or by a recovery: what was first stays.
  if (now.facts.outcome !== undefined) return present(ctx, now);
  const outcome = { command, time: ctx.clock.now(), because: '' };
  const first = await ctx.store.settle(id, outcome, sealedResult(ctx, id, command, result));
  await ctx.store.wipeInput(id);
  return announceSoon(ctx, first ? withFacts(ctx, now, { ...now.facts, outcome }) : await reread(ctx, id));
}

export const sealedResult = (ctx: Context, id: string, command: Command, result: Json): string =>
  ctx.state.seal(JSON.stringify({ command, result }), resultPurpose(id));

export async function keptResult(
  ctx: Context,
  id: string,
): Promise<{ readonly command: Command; readonly result: Json } | undefined> {
  const sealed = await ctx.store.text(id, 'result');
  if (sealed === undefined) return undefined;
  const kept = json(ctx.state.unseal(sealed, resultPurpose(id)));
  if (!isJsonObject(kept) || kept.result === undefined) return undefined;
  const { command, result } = kept;
  return command === 'succeed' || command === 'fail' || command === 'lose' ? { command, result } : undefined;
}

/** Open or running: go on with it. Settled within the hour and perhaps not seen: that was the answer. */
export async function attach(ctx: Context, principal: Principal, callDigest: string): Promise<Approval | undefined> {
  const rows = await ctx.index.find((row) => row.callDigest === callDigest && isOf(row, principal));
  for (const row of rows.toReversed()) {
    const found = await derive(ctx, row.id);
    if (found === undefined) continue;
    const now = found.due === undefined ? found : await current(ctx, row.id);
    if (!isFinal(now.state) || (await isUnseen(ctx, now))) return present(ctx, now);
  }
  return undefined;
}

async function isUnseen(ctx: Context, { record, facts, state }: Current): Promise<boolean> {
  if (state !== 'executed' && state !== 'unknown') return false;
  if (ctx.clock.now() - (facts.outcome?.time ?? 0) >= resultFor) return false;
  if ((await ctx.store.text(record.id, 'seen')) !== undefined) return false;
  return (await ctx.store.text(record.id, 'result')) !== undefined;
}
