import type { Socket } from 'node:net';

/** Connections that have not shown a good token yet, counted by the address that they come from. */
export interface Strangers {
  /** False: this address has as many as it may, and the socket is destroyed. */
  admit(socket: Socket): boolean;
  /** A request on this connection brought a good token: it does not count any more. */
  known(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): void;
}

/**
 * Whoever has no token must not take every connection that there is. Counted before TLS, so by address and port, which the
 * encrypted socket has too.
 */
export function createStrangers(most: number): Strangers {
  const waiting = new Map<string, string>();
  const counts = new Map<string, number>();
  const forget = (key: string): void => {
    const from = waiting.get(key);
    if (from === undefined || !waiting.delete(key)) return;
    const left = (counts.get(from) ?? 1) - 1;
    if (left === 0) counts.delete(from);
    else counts.set(from, left);
  };
  return {
    admit: (socket) => {
      const from = networkOf(socket.remoteAddress ?? '');
      const now = counts.get(from) ?? 0;
      if (now >= most) {
        socket.destroy();
        return false;
      }
      const key = keyOf(socket);
      waiting.set(key, from);
      counts.set(from, now + 1);
      socket.once('close', () => forget(key));
      return true;
    },
    known: (socket) => forget(keyOf(socket)),
  };
}

const keyOf = ({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
  `${remoteAddress} ${remotePort}`;

/** An IPv4 address, or the /64 of an IPv6 one: one machine has all of those. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [before = '', after] = address.replace(/%.*$/, '').split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}
