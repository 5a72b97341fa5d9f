import { Challenge } from '../domain/identity.ts';

/** 401: the token is no good, whatever the reason. The description is ours and repeats nothing of the token. */
export const refuseToken = (description: string): Challenge => new Challenge(401, 'invalid_token', description);

export const refuseProof = (description: string): Challenge => new Challenge(401, 'invalid_dpop_proof', description);

/** 503: nobody knows whether it is good. Refused all the same. */
export const cannotTell = (description: string): Challenge => new Challenge(503, undefined, description);
