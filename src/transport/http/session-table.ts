import type { Caller, Session, SessionStart, Sessions } from '../../domain/identity.ts';
import type { EventStore } from './event-store.ts';
import type { RequestId } from './rpc.ts';

/** A client that has said hello. What all sessions have in common is not in it: there may be thousands that do nothing. */
export interface HttpSession {
  readonly session: Session;
  readonly client: { readonly name: string; readonly version: string };
  readonly revision: string;
  /** Of the last request: a client that waits long gets new tokens meanwhile. */
  caller: Caller;
  /** Requests under way, for `notifications/cancelled`. */
  running: Map<RequestId, () => void> | undefined;
  /** Ends the stream that is for no request. */
  hangUp: (() => void) | undefined;
}

export interface SessionTable {
  readonly size: number;
  open(start: SessionStart, hello: Pick<HttpSession, 'revision' | 'caller'>): Promise<HttpSession>;
  /** Undefined: there is none, it is over, or it is somebody else's; which of these is not to be found out. */
  find(id: string, caller: Caller): HttpSession | undefined;
  /** The client said goodbye: what it waits for detaches. */
  close(entry: HttpSession): Promise<void>;
  closeAll(): Promise<void>;
}

export function createSessionTable(sessions: Sessions, store: EventStore): SessionTable {
  const table = new Map<string, HttpSession>();

  const remove = (entry: HttpSession): void => {
    if (!table.delete(entry.session.id)) return;
    entry.hangUp?.();
    store.forget(entry.session.id);
  };

  const close = async (entry: HttpSession): Promise<void> => {
    for (const detach of entry.running?.values() ?? []) detach();
    remove(entry);
    await sessions.end(entry.session.id, 'closed');
  };

  return {
    get size() {
      return table.size;
    },
    open: async (start, hello) => {
      const session = await sessions.open(start);
      const entry: HttpSession = { session, client: start.client, ...hello, running: undefined, hangUp: undefined };
      table.set(session.id, entry);
      if (session.signal.aborted) remove(entry);
      else session.signal.addEventListener('abort', () => remove(entry), { once: true });
      return entry;
    },
    find: (id, caller) => {
      const entry = table.get(id);
      if (entry === undefined) return undefined;
      try {
        sessions.current(id, caller.principal);
      } catch {
        return undefined;
      }
      entry.caller = caller;
      return entry;
    },
    close,
    closeAll: async () => {
      await Promise.all([...table.values()].map(close));
    },
  };
}
