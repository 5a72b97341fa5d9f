import type { Clock, Random } from '../domain/environment.ts';
import { invalid } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import { type Principal, samePrincipal } from '../domain/principal.ts';
import type { ListRequest } from '../domain/request.ts';
import type { Cursors } from './gate.ts';

const lifetime = 5 * 60_000;
const most = 10_000;

interface Kept {
  readonly principal: Principal;
  readonly cluster: string;
  readonly request: ListRequest;
  readonly view: Json;
  readonly until: number;
}

/** Short cursors because models miscopy base64; held here because a token of the API server is nobody's business. */
export function createCursors(clock: Clock, random: Random): Cursors {
  const kept = new Map<string, Kept>();

  const forgetOld = (): void => {
    for (const [id, { until }] of kept) {
      if (until > clock.now() && kept.size <= most) return;
      kept.delete(id);
    }
  };

  return {
    keep: (principal, cluster, request, continueToken, view) => {
      forgetOld();
      const id = `pg-${Buffer.from(random.bytes(5)).toString('hex')}`;
      kept.set(id, {
        principal,
        cluster,
        request: { ...request, continue: continueToken },
        view,
        until: clock.now() + lifetime,
      });
      return id;
    },
    find: (principal, cluster, id) => {
      const found = kept.get(id);
      const good = found !== undefined && found.until > clock.now() && found.cluster === cluster;
      if (!good || !samePrincipal(found.principal, principal)) {
        throw invalid(
          `Cursor ${JSON.stringify(id.slice(0, 40))} is not good any more`,
          'ask for the first page again, without "continue"',
        );
      }
      return found;
    },
  };
}
