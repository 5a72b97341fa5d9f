import { isMutating, type PlannedRequest } from '../domain/request.ts';
import type { TierCredentials } from './connection.ts';

/** What a request is for. Each may have a role, a user and rights of its own, so that none can do the work of another. */
export const tierNames = ['plan', 'read', 'write', 'exec', 'secretReader'] as const;
export type TierName = (typeof tierNames)[number];

/** As whom a handle speaks: the credentials themselves, or one fixed user with fixed groups that they become. */
export interface Tier {
  readonly user: string | undefined;
  readonly groups: readonly string[];
  readonly credentials: TierCredentials;
}

/** Whom a configured tier becomes; one that is not configured speaks as the credentials themselves. */
export interface TierUser {
  readonly user?: string | undefined;
  readonly groups?: readonly string[] | undefined;
}

export const tierOf = (become: TierUser | undefined, credentials: TierCredentials): Tier => ({
  user: become?.user,
  groups: become?.groups ?? [],
  credentials,
});

/** The access of a request decides, never the tool's name: a read never holds what could write. */
export function tierFor(request: PlannedRequest): TierName {
  if (request.action === 'exec') return 'exec';
  return isMutating(request) ? 'write' : 'read';
}
