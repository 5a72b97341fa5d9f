import { refreshTokenGrant, tokenRevocation } from 'openid-client';
import type { BearerSource, TokenChallenge } from '../../domain/bearer.ts';
import type { Clock, Log } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';
import type { IssuerFetch } from '../fetch.ts';
import { type Grant, type GrantStore, readGrant, timesOf } from './grant.ts';
import { type Flow, oauthClient, oauthError } from './oauth-client.ts';
import { findResource } from './protected-resource.ts';
import { signIn, type Tokens } from './sign-in.ts';

export interface LoginOptions {
  readonly server: URL;
  readonly flow: Flow;
  readonly clientId: string | undefined;
  /** Which of the issuers that the server names; undefined: the first. */
  readonly issuer: string | undefined;
  /** What is asked for; undefined: all that the server has. */
  readonly scopes: readonly string[] | undefined;
  readonly store: GrantStore;
  /** To the issuer. */
  readonly fetch: IssuerFetch;
  /** To the server itself, for what it says of itself. */
  readonly fetchServer: IssuerFetch;
  readonly prompt: (text: string) => void;
  readonly open: (url: URL) => void;
  /** Resolves after so many milliseconds, or at once when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Milliseconds that a request waits for a person to sign in; then it says what to do, and the login goes on. */
const patience = 20_000;

/** The tokens of a person who signs in, renewed ahead of time; one renewal or login at a time in all processes of this user. */
export class LoginBearer implements BearerSource {
  readonly #options: LoginOptions;
  #grant: Grant | undefined;
  #working: Promise<void> | undefined;
  /** What the person was last told to do. */
  #told: string | undefined;

  constructor(options: LoginOptions) {
    this.#options = options;
  }

  async current(): Promise<string | undefined> {
    this.#grant ??= await this.#read();
    if (this.#grant !== undefined && this.#isEnding(this.#grant)) await this.#once(() => this.#renewAhead());
    return this.#grant?.accessToken;
  }

  async replace(refused: string | undefined, challenge: TokenChallenge): Promise<void> {
    const over = new AbortController();
    const tooLong = this.#options.sleep(patience, over.signal).then(() => {
      if (over.signal.aborted) return;
      throw new CountersignError('Unauthorized', 'Nobody has signed in yet', {
        hint: `tell the user: ${this.#told ?? `sign in at a terminal: countersign connect --login ${this.#options.server.href}`}. Then try again`,
      });
    });
    const work = this.#once(() => this.#exclusively(() => this.#newGrant(refused, challenge)));
    await Promise.race([work, tooLong]).finally(() => over.abort());
  }

  /** Signs a person in, whoever was before, and waits as long as it takes. @throws Unauthorized */
  signIn(): Promise<void> {
    const nothing = { error: undefined, description: undefined, resourceMetadata: undefined };
    return this.#exclusively(() => this.#signIn(nothing));
  }

  /** Ends the tokens at the issuer, as far as it can be reached, and forgets them. False: there were none. */
  async signOut(): Promise<boolean> {
    const grant = await this.#read();
    await this.#options.store.remove();
    this.#grant = undefined;
    if (grant === undefined) return false;
    try {
      const client = await this.#client(grant);
      const ends = grant.refreshToken ?? grant.accessToken;
      await tokenRevocation(client, ends);
    } catch (thrown) {
      this.#options.log.warn('The issuer did not end the tokens; they end by themselves', {
        error: oauthError(thrown),
      });
    }
    return true;
  }

  #read(): Promise<Grant | undefined> {
    return readGrant(this.#options.store, this.#options.server.href);
  }

  #isEnding({ expiresAt, ahead }: Grant): boolean {
    return expiresAt !== undefined && expiresAt - ahead <= this.#options.clock.now();
  }

  /** Whoever comes while something is under way waits for that. */
  #once(work: () => Promise<void>): Promise<void> {
    this.#working ??= work().finally(() => {
      this.#working = undefined;
    });
    // Who does not wait to the end still leaves no rejection behind.
    this.#working.catch(() => undefined);
    return this.#working;
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    return this.#options.store.exclusive(work, this.#options.signal);
  }

  /** Not renewed in time is no fault as long as the server takes the old one. */
  async #renewAhead(): Promise<void> {
    await this.#exclusively(async () => {
      const stored = await this.#read();
      if (stored !== undefined && !this.#isEnding(stored)) this.#grant = stored;
      else if (stored !== undefined) await this.#refresh(stored);
    }).catch((thrown: unknown) => {
      this.#options.log.warn('The token could not be renewed ahead of time', { error: oauthError(thrown) });
    });
  }

  async #newGrant(refused: string | undefined, challenge: TokenChallenge): Promise<void> {
    const stored = await this.#read();
    // Another process was quicker.
    if (stored !== undefined && stored.accessToken !== refused && !this.#isEnding(stored)) {
      this.#grant = stored;
      return;
    }
    if (stored?.refreshToken !== undefined && (await this.#refreshed(stored))) return;
    await this.#signIn(challenge);
  }

  async #refreshed(stored: Grant): Promise<boolean> {
    try {
      return await this.#refresh(stored);
    } catch (thrown) {
      // Used, ended or unknown at the issuer: the person signs in again.
      if (oauthError(thrown) !== undefined) return false;
      throw unreachable(stored.issuer);
    }
  }

  /** False: there is nothing to renew it with. */
  async #refresh(stored: Grant): Promise<boolean> {
    const { refreshToken, resource } = stored;
    if (refreshToken === undefined) return false;
    const tokens = await refreshTokenGrant(await this.#client(stored), refreshToken, { resource });
    await this.#keep({ ...stored, refreshToken }, tokens);
    return true;
  }

  async #signIn(challenge: TokenChallenge): Promise<void> {
    const { server, flow, fetchServer, open, signal } = this.#options;
    const found = await findResource(server, challenge, fetchServer);
    const issuer = this.#issuerOf(found.issuers);
    const client = await oauthClient({ ...this.#options, issuer });
    const scopes = this.#options.scopes ?? found.scopes;
    const { resource } = found;
    const prompt = (text: string): void => {
      this.#told = text;
      this.#options.prompt(text);
    };
    try {
      const tokens = await signIn({ client, flow, resource, scopes, prompt, open, signal });
      const { client_id: clientId } = client.clientMetadata();
      await this.#keep({ server: server.href, resource, issuer, clientId, accessToken: '', ahead: 0 }, tokens);
      this.#options.prompt('Signed in');
    } catch (thrown) {
      if (thrown instanceof CountersignError) throw thrown;
      const error = oauthError(thrown);
      if (error === undefined) throw unreachable(issuer);
      throw new CountersignError('Unauthorized', `The issuer did not sign you in (${error})`, {
        hint: 'try again; if it stays so, tell the user',
      });
    } finally {
      this.#told = undefined;
    }
  }

  #issuerOf(issuers: readonly string[]): string {
    const { issuer } = this.#options;
    const chosen = issuer === undefined ? issuers[0] : issuers.find((each) => each === issuer);
    if (chosen !== undefined) return chosen;
    throw new CountersignError(
      'Unauthorized',
      issuers.length === 0 ? 'The server names no issuer where people sign in' : 'The server does not name that issuer',
      {
        hint: `tell the user: ${issuers.length === 0 ? 'give a token with --token-file' : `it names ${issuers.join(', ')}`}`,
      },
    );
  }

  #client({ issuer, clientId }: Grant) {
    return oauthClient({ ...this.#options, issuer, clientId });
  }

  async #keep(grant: Grant, { access_token: accessToken, refresh_token, expires_in }: Tokens): Promise<void> {
    const { expiresAt: _, ...rest } = grant;
    const refreshToken = refresh_token ?? grant.refreshToken;
    const kept: Grant = {
      ...rest,
      accessToken,
      ...timesOf(expires_in, this.#options.clock.now()),
      ...(refreshToken === undefined ? {} : { refreshToken }),
    };
    await this.#options.store.write(`${JSON.stringify(kept)}\n`);
    this.#grant = kept;
  }
}

const unreachable = (issuer: string): CountersignError =>
  new CountersignError('Unauthorized', `The issuer ${issuer} cannot be reached, or does not answer as it should`, {
    hint: 'try again in a minute; if it stays so, tell the user',
  });
