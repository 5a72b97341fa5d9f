import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../status.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Who holds the token may do everything: the sandbox has no RBAC. Without it 401; with impersonation headers 403,
 * since a sandbox that ignored them would answer with more rights than were asked for.
 */
export function authorize(headers: IncomingHttpHeaders, token: string): void {
  const given = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  if (!timingSafeEqual(digest(given), digest(token))) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  if (Object.keys(headers).some((name) => name.startsWith('impersonate-')))
    throw new ApiError(403, 'Forbidden', 'the sandbox does not do impersonation; configure none for it');
}
