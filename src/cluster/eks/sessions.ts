import type { RequestContext } from '../../domain/cluster.ts';
import type { Clock } from '../../domain/environment.ts';
import type { TierCredentials } from '../connection.ts';
import type { Aws, RoleCredentials } from './aws.ts';
import type { EksConfig } from './config.ts';
import { ownerKey, ownerOf, type SessionOwner, sessionName, sessionTags, sourceIdentity } from './session-name.ts';
import { eksToken } from './token.ts';

const minute = 60_000;
/** A token is renewed ahead of time from this age on, and not used any more beyond the other. */
const renewAfter = 10 * minute;
const goodFor = 14 * minute;
/** A session that ends sooner than this is not signed with again. */
const leastLeft = 5 * minute;
/** Sessions of one tier that are held at once; the oldest go. */
const most = 1_000;

interface Held {
  readonly credentials: RoleCredentials;
  readonly header: string;
  readonly renewAt: number;
  readonly goodUntil: number;
}

export interface RoleSessionsOptions {
  readonly aws: Aws;
  readonly config: EksConfig;
  readonly roleArn: string;
  /** Whether each approval has a session of its own: where something is changed. */
  readonly perApproval: boolean;
  readonly clock: Clock;
}

/**
 * The tokens of one role: a session for each agent and person, and for each approval where something is changed (decision
 * 0016). One refresh in flight for each, ahead of time: a call waits for AWS only where it is the first.
 */
export class RoleSessions implements TierCredentials {
  readonly #options: RoleSessionsOptions;
  readonly #held = new Map<string, Held>();
  readonly #renewing = new Map<string, Promise<string>>();

  constructor(options: RoleSessionsOptions) {
    this.#options = options;
  }

  /** @throws Unavailable with what to do about STS */
  authorization(context: RequestContext): string | Promise<string> {
    const owner = this.#ownerOf(context);
    const key = ownerKey(owner);
    const now = this.#options.clock.now();
    const held = this.#held.get(key);
    if (held === undefined || now >= held.goodUntil) return this.#renew(key, owner);
    // what is held is still good: whoever comes after it was told of a failure
    if (now >= held.renewAt) this.#renew(key, owner).catch(() => undefined);
    return held.header;
  }

  rejected(context: RequestContext): void {
    this.#held.delete(ownerKey(this.#ownerOf(context)));
  }

  #ownerOf(context: RequestContext): SessionOwner {
    const owner = ownerOf(context);
    return this.#options.perApproval ? owner : { ...owner, approval: undefined };
  }

  #renew(key: string, owner: SessionOwner): Promise<string> {
    const running = this.#renewing.get(key);
    if (running !== undefined) return running;
    const renewing = this.#fetch(key, owner).finally(() => this.#renewing.delete(key));
    this.#renewing.set(key, renewing);
    return renewing;
  }

  async #fetch(key: string, owner: SessionOwner): Promise<string> {
    const { config, clock } = this.#options;
    const before = this.#held.get(key)?.credentials;
    const lasts = before !== undefined && before.expiresAt - clock.now() > leastLeft;
    const credentials = lasts ? before : await this.#assume(owner);
    const now = clock.now();
    const header = `Bearer ${await eksToken(config, credentials, now)}`;
    this.#held.delete(key);
    this.#held.set(key, {
      credentials,
      header,
      renewAt: Math.min(now + renewAfter, credentials.expiresAt - leastLeft + minute),
      goodUntil: Math.min(now + goodFor, credentials.expiresAt - minute / 2),
    });
    this.#forgetOld(now);
    return header;
  }

  #assume(owner: SessionOwner): Promise<RoleCredentials> {
    const { aws, config, roleArn } = this.#options;
    return aws.assume({
      roleArn,
      sessionName: sessionName(config.sessionName, owner),
      sourceIdentity: config.sourceIdentity ? sourceIdentity(owner) : undefined,
      tags: sessionTags(owner),
    });
  }

  #forgetOld(now: number): void {
    for (const [key, { credentials }] of this.#held) {
      if (credentials.expiresAt > now && this.#held.size <= most) return;
      this.#held.delete(key);
    }
  }
}
