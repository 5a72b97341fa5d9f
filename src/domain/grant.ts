import type { PlannedRequest } from './request.ts';

declare const granted: unique symbol;
/** Permission to send exactly these requests, once. Made only by the gate, redeemed only by a cluster handle. */
export interface Grant {
  readonly [granted]: true;
}

export interface GrantContents {
  readonly planDigest: string;
  readonly requests: readonly PlannedRequest[];
}

export type MintGrant = (contents: GrantContents) => Grant;
/** @throws Internal for a grant that was not minted here, or was redeemed before */
export type RedeemGrant = (grant: Grant) => GrantContents;
