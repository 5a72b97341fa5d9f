import type { BearerSource } from '../../domain/bearer.ts';
import { CountersignError } from '../../domain/errors.ts';
import { tokenSource } from '../token-source.ts';

/** The token of a workload: `COUNTERSIGN_TOKEN`, or the file of `COUNTERSIGN_TOKEN_FILE`, read again when it changes. Undefined: neither is set. */
export function givenBearer(env: Readonly<Record<string, string | undefined>>): BearerSource | undefined {
  const token = tokenSource(env);
  if (token === undefined) return undefined;
  return {
    current: async () => checked(token()),
    replace: async (refused, { description = 'it does not say why' }) => {
      // It may have been renewed while the request was on its way.
      if (token() !== refused) return;
      throw new CountersignError('Unauthorized', `The server refuses the token of this agent: ${description}`, {
        hint: 'tell the user: renew COUNTERSIGN_TOKEN or the token file; `countersign connect` reads the file again by itself',
      });
    },
  };
}

/** What goes into a header (RFC 6750 §2.1). Never repeated in the error: it is a secret, or somebody's wrong file. */
function checked(token: string): string {
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return token;
  throw new CountersignError('Unauthorized', 'What is given as the token of this agent is empty or is no token', {
    hint: 'tell the user: COUNTERSIGN_TOKEN or the token file must hold one access token and nothing else',
  });
}
