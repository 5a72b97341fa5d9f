import { CountersignError } from '../domain/errors.ts';
import type { Context } from './context.ts';
import type { Lease } from './store.ts';

/**
 * One process at a time says what became of a run, so that the log never has two words about it. Only a dead one's turn is
 * taken over. @throws Conflict
 */
export async function whileSettling<T>(ctx: Context, id: string, work: () => Promise<T>): Promise<T> {
  const lease = await take(ctx, id);
  try {
    return await work();
  } finally {
    await ctx.store.letGo(id, lease);
  }
}

async function take(ctx: Context, id: string): Promise<Lease> {
  const { process, isAlive } = ctx.state;
  for (let n = 1; ; n++) {
    const lease: Lease = `settling-${n}`;
    if (await ctx.store.put(id, lease, process)) return lease;
    const holder = await ctx.store.held(id, lease);
    // Let go a moment ago: then it is settled by now, or the next try has it.
    if (holder === undefined || (await isAlive(holder)))
      throw new CountersignError('Conflict', `somebody is just settling ${id}`, {
        hint: 'look at it again in a moment',
      });
  }
}
