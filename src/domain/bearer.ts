/** Why a server refused a request for its token, in its own words (RFC 6750 §3, RFC 9728 §5.1). */
export interface TokenChallenge {
  readonly error: string | undefined;
  readonly description: string | undefined;
  /** Where it says who gives tokens for it. */
  readonly resourceMetadata: string | undefined;
}

/** Tokens for one server, and for no other. A token is a secret: never logged, never in an error. */
export interface BearerSource {
  /** What to send with the next request; undefined: nothing yet. @throws Unauthorized when it cannot be read, with what to do */
  current(): Promise<string | undefined>;
  /** The server refused this one: resolves when `current` gives another. @throws Unauthorized when none comes, with what to do */
  replace(refused: string | undefined, challenge: TokenChallenge): Promise<void>;
}
