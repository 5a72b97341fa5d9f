import type { ServerResponse } from 'node:http';
import type { Principal } from '../../domain/principal.ts';

/** Counts a request of this caller until its response closes. False: it has as many open as one caller may. */
export type Share = (principal: Principal, response: ServerResponse) => boolean;

/** Streams and held calls stay open for hours: one caller must not take every connection that there is for all. */
export function createShare(most: number): Share {
  const open = new Map<string, number>();
  return ({ issuer, subject, agent }, response) => {
    if (response.closed) return true;
    const key = JSON.stringify([issuer, subject, agent]);
    const now = open.get(key) ?? 0;
    if (now >= most) return false;
    open.set(key, now + 1);
    response.once('close', () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
    return true;
  };
}
