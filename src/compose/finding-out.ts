import type { Approvals } from '../domain/approval.ts';
import type { AuditReader } from '../domain/audit-event.ts';
import { iso, type Log } from '../domain/environment.ts';
import { listAt, numberAt, stringAt } from '../domain/json.ts';
import { ident } from '../domain/masked.ts';
import type { DueRun, OpenRuns } from '../domain/open-run.ts';
import type { Found, LookPorts, Lost } from '../gate/look/look.ts';

export interface FindingOut extends Omit<LookPorts, 'signal' | 'ranSince'> {
  readonly approvals: Pick<Approvals, 'undecided' | 'reconcile' | 'undecidable'>;
  /** Those that nobody was asked about. */
  readonly runs: Pick<OpenRuns, 'due' | 'end'>;
  readonly auditReader: Pick<AuditReader, 'openIntents'>;
  readonly auditFolder: string;
  /** Who finds it out, as the log names this process. */
  readonly process: string;
  readonly log: Log;
}

/** One run to look at, and what to do with what is found. */
interface Task {
  readonly lost: Lost;
  settle(found: Found): Promise<unknown>;
}

/** Milliseconds from one try to the next where the cluster cannot be asked; twice as long each time. */
const firstPause = 30_000;
const longestPause = 3_600_000;

/** One look at every run whose outcome is unknown and can be asked for. Never rejects; what fails is tried again later. */
export function createFindingOut(parts: FindingOut): (signal: AbortSignal) => Promise<void> {
  const paused = new Map<string, { readonly until: number; readonly pause: number }>();
  const { clock, log } = parts;
  const one = async ({ lost, settle }: Task, signal: AbortSignal): Promise<void> => {
    const { id } = lost;
    const { look } = await import('../gate/look/look.ts');
    try {
      await settle(await look({ ...parts, signal, ranSince: (asked) => ranSince(parts.auditFolder, asked) }, lost));
      paused.delete(id);
    } catch (thrown) {
      const pause = Math.min(longestPause, 2 * (paused.get(id)?.pause ?? firstPause / 2));
      paused.set(id, { until: clock.now() + pause, pause });
      log.warn('what became of a run cannot be found out yet', { run: id, cause: String(thrown) });
    }
  };
  return async (signal) => {
    for (const tasks of [asked, unasked]) {
      try {
        for (const task of await tasks(parts)) {
          if (signal.aborted) return;
          if (clock.now() >= (paused.get(task.lost.id)?.until ?? 0)) await one(task, signal);
        }
      } catch (thrown) {
        log.error('runs whose outcome is unknown cannot be looked through', { cause: String(thrown) });
      }
    }
  };
}

/** Runs of approvals: their thread and their agent are told. */
async function asked({ approvals }: FindingOut): Promise<readonly Task[]> {
  const undecided = await approvals.undecided();
  return undecided.map(({ approval: { id, cluster, objects }, sent }) => ({
    lost: { id, cluster, objects: objects.map(String), sent },
    settle: ({ found, because }) =>
      found === 'unclear'
        ? approvals.undecidable(id, because)
        : approvals.reconcile(id, { person: undefined, command: commandFor[found], because }),
  }));
}

const commandFor = { done: 'succeed', 'not done': 'fail' } as const;
const stateFor = { done: 'executed', 'not done': 'failed' } as const;

/** Runs that nobody was asked about: only the log is told. */
async function unasked(parts: FindingOut): Promise<readonly Task[]> {
  const { runs } = parts;
  const due = await runs.due();
  if (due.length === 0) return [];
  const open = new Set((await parts.auditReader.openIntents()).map(({ invocation }) => invocation));
  const tasks: Task[] = [];
  for (const run of due) {
    // It died before it was authorized, so nothing was sent; or after its outcome was in the log.
    if (run.died && !open.has(run.invocation)) await runs.end(run.invocation, 'known');
    else tasks.push({ lost: { ...run, id: run.invocation }, settle: (found) => settle(parts, run, found) });
  }
  return tasks;
}

async function settle(parts: FindingOut, run: DueRun, { found, because }: Found): Promise<void> {
  const { audit, masker, runs, process, log } = parts;
  const { invocation, tool, cluster, objects } = run;
  if (found === 'unclear') log.warn('what became of a run has to be looked for by a person', { invocation, because });
  else
    await audit.append({
      type: 'Reconciled',
      invocation,
      fields: {
        ...{ tool: ident(tool), cluster: ident(cluster.name), objects: objects.map(ident) },
        ...{ state: ident(stateFor[found]), by: ident(process), comment: masker.echo(because) },
      },
    });
  await runs.end(invocation, 'known');
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
    if (numberAt(line, 'needs') === undefined || isOf(line, except)) continue;
    const named = listAt(line, 'objects').map(String);
    if (named.length === 0 || named.some((each) => objects.includes(each) || each.includes('sha256:'))) found = true;
  }
  return found;
}

const isOf = (line: Parameters<typeof stringAt>[0], run: string): boolean =>
  stringAt(line, 'approval') === run || stringAt(line, 'invocation') === run;
