import { CountersignError } from './errors.ts';
import type { Grant, GrantContents, MintGrant, RedeemGrant } from './grant.ts';

/** Two halves of one authority: the composition root hands `mint` to the gate and `redeem` to the cluster handle. */
export function createGrantMint(): { readonly mint: MintGrant; readonly redeem: RedeemGrant } {
  const open = new WeakMap<object, GrantContents>();
  return {
    mint: (contents) => {
      const grant = Object.freeze({});
      open.set(grant, contents);
      return grant as Grant;
    },
    redeem: (grant) => {
      const contents = open.get(grant);
      if (contents === undefined) throw new CountersignError('Internal', 'this grant is spent or was never made');
      open.delete(grant);
      return contents;
    },
  };
}
