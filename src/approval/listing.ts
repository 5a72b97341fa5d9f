import { type ApprovalState, isOpen } from '../domain/approval.ts';
import type { Clock, Log } from '../domain/environment.ts';
import type { Principal } from '../domain/principal.ts';
import type { Current } from './current.ts';
import type { Store } from './store.ts';
import type { View, Views } from './view.ts';

export const isFinal = (state: ApprovalState): boolean => !isOpen(state) && state !== 'claimed';

export const isOf = (
  { principal }: { readonly principal: Pick<Principal, 'issuer' | 'subject' | 'agent'> },
  { issuer, subject, agent }: Principal,
): boolean => principal.issuer === issuer && principal.subject === subject && principal.agent === agent;

/** One row an approval, to find some among many without reading each folder. */
export interface Index {
  all(): Promise<readonly View[]>;
  /** After each change, so that what is listed and watched follows. */
  refresh(current: Current): Promise<void>;
  forget(id: string): Promise<void>;
}

/** How many folders are read at once. */
const batch = 32;

export function createIndex(
  store: Store,
  views: Views,
  derive: (id: string) => Promise<Current | undefined>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Index {
  // Final states do not change any more, so they are read once.
  const final = new Map<string, View>();
  // Open ones as long as their files are the same and time decides nothing about them.
  const open = new Map<string, { readonly stamp: bigint | undefined; readonly until: number; readonly view: View }>();
  const rowOf = async (id: string): Promise<View | undefined> => {
    const known = final.get(id) ?? (await finalView(store, views, id));
    if (known !== undefined) {
      final.set(id, known);
      open.delete(id);
      store.release(id);
      return known;
    }
    const stamp = await store.stamp(id);
    const last = open.get(id);
    if (last !== undefined && last.stamp === stamp && clock.now() < last.until) return last.view;
    try {
      const current = await derive(id);
      if (current === undefined) return undefined;
      const view = viewOf(current);
      open.set(id, { stamp, until: current.useBy ?? current.decideBy, view });
      return view;
    } catch (thrown) {
      log.error('an approval cannot be read', { approval: id, cause: String(thrown) });
      return undefined;
    }
  };
  return {
    all: async () => {
      const ids = await store.ids();
      const rows: (View | undefined)[] = [];
      for (let from = 0; from < ids.length; from += batch)
        rows.push(...(await Promise.all(ids.slice(from, from + batch).map(rowOf))));
      return rows.filter((row) => row !== undefined).sort((a, b) => a.createdAt - b.createdAt);
    },
    refresh: async (current) => {
      const view = viewOf(current);
      // The view decides nothing, so that it cannot be written fails nothing.
      await views.write(view).catch((thrown: unknown) => {
        log.warn('the view of an approval cannot be written', { approval: view.id, cause: String(thrown) });
      });
    },
    forget: async (id) => {
      final.delete(id);
      open.delete(id);
      await views.remove(id);
    },
  };
}

/** A view that says final is believed where an end is on disk too; every other one is worth nothing. */
async function finalView(store: Store, views: Views, id: string): Promise<View | undefined> {
  const view = await views.read(id);
  return view !== undefined && isFinal(view.state) && (await store.ended(id)) ? view : undefined;
}

function viewOf({ record, facts, state }: Current): View {
  const { id, principal, callDigest, planDigest, createdAt } = record;
  const { issuer, subject, agent, person } = principal;
  const endedAt = facts.outcome?.time ?? facts.ending?.time;
  const denied = facts.votes.some((vote) => vote.decision === 'deny');
  return {
    version: 1,
    id,
    state,
    principal: { issuer, subject, agent },
    ...(person === undefined ? {} : { person }),
    callDigest,
    planDigest,
    createdAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    denied,
  };
}
