import type { Approvals, Undecided } from '../domain/approval.ts';
import { iso, type Log } from '../domain/environment.ts';
import { listAt, numberAt, stringAt } from '../domain/json.ts';
import type { LookPorts } from '../gate/look/look.ts';

export interface FindingOut extends Omit<LookPorts, 'signal' | 'ranSince' | 'approvals'> {
  readonly approvals: Pick<Approvals, 'undecided' | 'reconcile' | 'undecidable'>;
  readonly auditFolder: string;
  readonly log: Log;
}

/** Milliseconds from one try to the next where the cluster cannot be asked; twice as long each time. */
const firstPause = 30_000;
const longestPause = 3_600_000;

/** One look at every run whose outcome is unknown and can be asked for. Never rejects; what fails is tried again later. */
export function createFindingOut(parts: FindingOut): (signal: AbortSignal) => Promise<void> {
  const paused = new Map<string, { readonly until: number; readonly pause: number }>();
  const { approvals, clock, log } = parts;
  const one = async (undecided: Undecided, signal: AbortSignal): Promise<void> => {
    const { id } = undecided.approval;
    const { look } = await import('../gate/look/look.ts');
    try {
      await look({ ...parts, signal, ranSince: (asked) => ranSince(parts.auditFolder, asked) }, undecided);
      paused.delete(id);
    } catch (thrown) {
      const pause = Math.min(longestPause, 2 * (paused.get(id)?.pause ?? firstPause / 2));
      paused.set(id, { until: clock.now() + pause, pause });
      log.warn('what became of a run cannot be found out yet', { approval: id, cause: String(thrown) });
    }
  };
  return async (signal) => {
    try {
      for (const undecided of await approvals.undecided()) {
        if (signal.aborted) return;
        if (clock.now() >= (paused.get(undecided.approval.id)?.until ?? 0)) await one(undecided, signal);
      }
    } catch (thrown) {
      log.error('runs whose outcome is unknown cannot be looked through', { cause: String(thrown) });
    }
  };
}

/** By the log of all processes. What a line does not say whole, or not at all, counts as one of these objects. */
async function ranSince(
  folder: string,
  { since, cluster, objects, except }: Parameters<LookPorts['ranSince']>[0],
): Promise<boolean> {
  const asked = { keys: { type: 'Authorized', cluster }, since: iso(since) };
  const { query } = await import('../audit/query.ts');
  let found = false;
  // To the end, which closes its files.
  for await (const line of query(folder, asked)) {
    // Only of what changes something it is said how many people it needed.
    if (numberAt(line, 'needs') === undefined || stringAt(line, 'approval') === except) continue;
    const named = listAt(line, 'objects').map(String);
    if (named.length === 0 || named.some((each) => objects.includes(each) || each.includes('sha256:'))) found = true;
  }
  return found;
}
