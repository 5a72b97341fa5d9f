import { type ApprovalState, isOpen } from '../domain/approval.ts';
import type { Clock, Log } from '../domain/environment.ts';
import type { Principal } from '../domain/principal.ts';
import type { Current } from './current.ts';
import { eachInTurn } from './files.ts';
import type { Roll } from './roll.ts';
import type { Store } from './store.ts';
import type { View, Views } from './view.ts';

export const isFinal = (state: ApprovalState): boolean => !isOpen(state) && state !== 'claimed';

export const isOf = (
  { principal }: { readonly principal: Pick<Principal, 'issuer' | 'subject' | 'agent'> },
  { issuer, subject, agent }: Principal,
): boolean => principal.agent === agent && principal.subject === subject && principal.issuer === issuer;

/** What never changes of an approval: by this it is found, whatever has become of it since it was looked at. */
export type Fixed = Pick<View, 'id' | 'principal' | 'person' | 'callDigest' | 'planDigest' | 'createdAt'>;

/** One row an approval, to find some among many without reading each folder. */
export interface Index {
  /** As they are now, oldest first. What is not asked for is not looked at; what is final stays so. */
  find(which: (row: Fixed, isFinal: boolean) => boolean): Promise<readonly View[]>;
  /**
   * As they were seen last, oldest first: what is new is looked at, nothing else. What was over stays so, and what was not may be
   * over by now; so of the open ones there are never more than it says.
   */
  known(which: (row: Fixed, isFinal: boolean) => boolean): Promise<readonly View[]>;
  /** After each change, so that what is listed and watched follows. */
  refresh(current: Current): Promise<void>;
  forget(id: string): Promise<void>;
}

interface Row {
  readonly view: View;
  /** The row is right as long as its files are the same and time decides nothing about it. Undefined: for ever. */
  readonly good: { readonly stamp: number | undefined; readonly until: number } | undefined;
}

export interface IndexParts {
  readonly store: Store;
  readonly views: Views;
  readonly roll: Pick<Roll, 'news'>;
  readonly derive: (id: string) => Promise<Current | undefined>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createIndex(parts: IndexParts): Index {
  const { store, views, roll } = parts;
  const rows = new Map<string, Row>();
  /** Taken and not asked yet, or not to be read: looked at again each time. */
  const coming = new Set<string>();
  const look = async (id: string): Promise<void> => {
    const row = await lookAt(parts, id, rows.get(id));
    if (row !== undefined) {
      rows.set(id, row);
      coming.delete(id);
    } else if (await store.isReserved(id)) coming.add(id);
    else {
      rows.delete(id);
      coming.delete(id);
    }
  };
  let learning: Promise<unknown> = Promise.resolve();
  /** One after the other: what another one is just reading is not new any more, and not there yet. */
  const learn = (): Promise<void> => {
    const mine = learning.then(async () => {
      for (const id of await roll.news()) if (!rows.has(id)) coming.add(id);
      await eachInTurn([...coming], look);
    });
    learning = mine.catch(() => undefined);
    return mine;
  };
  return {
    find: async (which) => {
      await learn();
      const asked: View[] = [];
      const open: string[] = [];
      for (const { view, good } of rows.values()) {
        if (!which(view, good === undefined)) continue;
        asked.push(view);
        if (good !== undefined) open.push(view.id);
      }
      await eachInTurn(open, look);
      return byAge(asked.flatMap(({ id }) => rows.get(id)?.view ?? []));
    },
    known: async (which) => {
      await learn();
      const asked: View[] = [];
      for (const { view, good } of rows.values()) if (which(view, good === undefined)) asked.push(view);
      return byAge(asked);
    },
    refresh: async (current) => {
      const view = viewOf(current);
      // The view decides nothing, so that it cannot be written fails nothing.
      await views.write(view).catch((thrown: unknown) => {
        parts.log.warn('the view of an approval cannot be written', { approval: view.id, cause: String(thrown) });
      });
    },
    forget: async (id) => {
      rows.delete(id);
      await views.remove(id);
    },
  };
}

const byAge = (views: View[]): readonly View[] => views.sort((a, b) => a.createdAt - b.createdAt);

/** Undefined: it is not there (any more), or cannot be read. */
async function lookAt(parts: IndexParts, id: string, last: Row | undefined): Promise<Row | undefined> {
  const { store, views, derive, clock, log } = parts;
  const stamp = await store.stamp(id);
  if (stamp === undefined) return undefined;
  if (last?.good !== undefined && last.good.stamp === stamp && clock.now() < last.good.until) return last;
  const final = last?.good === undefined ? last?.view : await finalView(store, views, id);
  if (final !== undefined) return { view: final, good: undefined };
  try {
    const current = await derive(id);
    if (current === undefined) return undefined;
    const view = viewOf(current);
    if (isFinal(view.state) && current.due === undefined) {
      store.release(id);
      return { view, good: undefined };
    }
    return { view, good: { stamp, until: current.useBy ?? current.decideBy } };
  } catch (thrown) {
    log.error('an approval cannot be read', { approval: id, cause: String(thrown) });
    return undefined;
  }
}

/** A view that says final is believed where an end is on disk too; every other one is worth nothing. */
async function finalView(store: Store, views: Views, id: string): Promise<View | undefined> {
  if (!(await store.ended(id))) return undefined;
  const view = await views.read(id);
  return view !== undefined && isFinal(view.state) ? view : undefined;
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
