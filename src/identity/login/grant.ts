import { z } from 'zod';

/** What a person was given for one server. Secrets: kept in the state directory, and nowhere else. */
const grantSchema = z.strictObject({
  /** The address that `connect` was given. */
  server: z.string(),
  /** What the tokens are for, as the server calls itself. */
  resource: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  accessToken: z.string(),
  /** Milliseconds since 1970; undefined: the issuer did not say. */
  expiresAt: z.number().optional(),
  /** Milliseconds before the end from which on it is renewed. */
  ahead: z.number().default(0),
  refreshToken: z.string().optional(),
});
export type Grant = z.output<typeof grantSchema>;

/** Where the grant for one server is kept, the same for all processes of this user. */
export interface GrantStore {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
  remove(): Promise<void>;
  /** One at a time over all processes: a refresh token may be used once only. Two at once cost a login, nothing worse. */
  exclusive<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** Undefined: there is none for this server, or it cannot be used. */
export async function readGrant(store: GrantStore, server: string): Promise<Grant | undefined> {
  const text = await store.read();
  if (text === undefined) return undefined;
  try {
    const { data } = grantSchema.safeParse(JSON.parse(text));
    return data?.server === server ? data : undefined;
  } catch {
    return undefined;
  }
}

/** A minute before the end, or a fifth of the time of a token that lives shorter than five. */
export function timesOf(expiresIn: number | undefined, now: number): Pick<Grant, 'expiresAt' | 'ahead'> {
  if (expiresIn === undefined) return { ahead: 0 };
  return { expiresAt: now + expiresIn * 1_000, ahead: Math.min(60_000, expiresIn * 200) };
}
