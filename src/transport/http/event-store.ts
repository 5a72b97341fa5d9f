import type { Random } from '../../domain/environment.ts';

/** The messages of one stream, kept so that a client that lost its connection can have them again. */
export interface KeptStream {
  readonly key: string;
  /** Whose: nobody else's Last-Event-ID finds it. */
  readonly session: string;
  readonly messages: string[];
  bytes: number;
  /** The answer is among the messages: nothing more comes. */
  done: boolean;
  /** Whoever is connected now; undefined: nobody. */
  listener: ((message: string, sequence: number) => void) | undefined;
}

export interface EventStore {
  begin(session: string): KeptStream;
  /** Keeps a message and gives its number, from 1. */
  add(stream: KeptStream, message: string): number;
  /** The stream that an event id names, if it is of this session and still kept. */
  find(session: string, eventId: string): { readonly stream: KeptStream; readonly after: number } | undefined;
  /** What a session leaves behind when it ends. */
  forget(session: string): void;
}

/** Of all sessions together: what is oldest and done goes first, and then what is oldest. */
const mostBytes = 32 * 1024 * 1024;
/** Of one session: a client resumes what it has just lost. */
const mostStreams = 32;

/** Messages for `Last-Event-ID` (MCP 2025-11-25, "Resumability and Redelivery"), in memory and bounded: a restart loses them, not approvals. */
export function createEventStore(random: Random): EventStore {
  const streams = new Map<string, KeptStream>();
  const bySession = new Map<string, Set<KeptStream>>();
  let bytes = 0;

  const drop = (stream: KeptStream): void => {
    streams.delete(stream.key);
    const kept = bySession.get(stream.session);
    kept?.delete(stream);
    if (kept?.size === 0) bySession.delete(stream.session);
    bytes -= stream.bytes;
  };
  const oldest = (among: Iterable<KeptStream>): KeptStream | undefined => {
    let first: KeptStream | undefined;
    for (const stream of among) {
      if (stream.done) return stream;
      first ??= stream;
    }
    return first;
  };

  return {
    begin: (session) => {
      const key = Buffer.from(random.bytes(9)).toString('base64url');
      const stream: KeptStream = { key, session, messages: [], bytes: 0, done: false, listener: undefined };
      const kept = bySession.get(session) ?? new Set();
      if (kept.size >= mostStreams) {
        const first = oldest(kept);
        if (first !== undefined) drop(first);
      }
      bySession.set(session, bySession.get(session) ?? kept);
      kept.add(stream);
      streams.set(key, stream);
      return stream;
    },
    add: (stream, message) => {
      stream.messages.push(message);
      if (!streams.has(stream.key)) return stream.messages.length;
      stream.bytes += message.length;
      bytes += message.length;
      while (bytes > mostBytes) {
        const first = oldest(streams.values());
        if (first === undefined) break;
        drop(first);
      }
      return stream.messages.length;
    },
    find: (session, eventId) => {
      const [, key = '', number = ''] = /^([\w-]{12})\.(\d{1,9})$/.exec(eventId) ?? [];
      const stream = streams.get(key);
      return stream?.session === session ? { stream, after: Number(number) } : undefined;
    },
    forget: (session) => {
      for (const stream of bySession.get(session) ?? []) drop(stream);
    },
  };
}
