import { type Clock, iso, type Random } from '../../domain/environment.ts';
import { type Principal, samePrincipal, sameRights } from '../../domain/principal.ts';
import type { Standing } from '../../domain/standing.ts';

type TaskStatus = 'working' | 'completed' | 'cancelled' | 'failed';

/** A call that its client asks for again instead of waiting for it. */
export interface Task {
  readonly id: string;
  readonly principal: Principal;
  readonly createdAt: string;
  updatedAt: string;
  status: TaskStatus;
  /** The last progress note: what it waits for. */
  statusMessage: string | undefined;
  /** JSON text, once it is completed. */
  result: string | undefined;
  /** Milliseconds from its creation for which it is kept. */
  readonly ttl: number;
  readonly ended: Promise<void>;
}

/** What runs as a task. */
type TaskRun = (task: {
  readonly signal: AbortSignal;
  readonly standing: Standing;
  note(message: string): void;
}) => Promise<string>;

export interface Tasks {
  readonly size: number;
  start(principal: Principal, standing: Standing, ttl: number | undefined, run: TaskRun): Task;
  /** Undefined: there is none, or it is somebody else's. With `standing` the task goes on under this newer token, if that says the same of the caller. */
  find(id: string, principal: Principal, standing?: Standing): Task | undefined;
  of(principal: Principal): readonly Task[];
  /** The wait detaches, and the task says `cancelled`; what has run has run. */
  cancel(task: Task): void;
  /** Its answer was given in another way. */
  forget(task: Task): void;
  /** Once a second: what is too old goes, and what nobody asks for any more detaches. */
  tick(now: number): void;
  closeAll(): void;
}

const longest = 3_600_000;
/** Milliseconds in which a client must ask for its task: else it is taken for gone, and what is approved then does not run. */
const askedWithin = 120_000;
const mostOfOne = 100;

interface Entry {
  readonly task: Task;
  readonly controller: AbortController;
  readonly expiresAt: number;
  askedAt: number;
  standing: Standing;
}

/** In memory: a restart loses tasks, and their clients go on by the approval's id. */
export function createTasks(clock: Clock, random: Random): Tasks {
  const entries = new Map<string, Entry>();

  const touch = (entry: Entry, status: TaskStatus): void => {
    if (entry.task.status !== 'working') return;
    entry.task.status = status;
    entry.task.updatedAt = iso(clock.now());
  };

  const begin = (entry: Entry, run: TaskRun): Promise<void> => {
    const note = (message: string): void => {
      entry.task.statusMessage = message;
      entry.task.updatedAt = iso(clock.now());
    };
    return run({ signal: entry.controller.signal, standing: newestStanding(entry), note }).then(
      (result) => {
        if (entry.task.status === 'cancelled') return;
        entry.task.result = result;
        entry.task.statusMessage = undefined;
        touch(entry, 'completed');
      },
      () => touch(entry, 'failed'),
    );
  };

  const makeRoom = (principal: Principal): void => {
    const theirs = [...entries.values()].filter(({ task }) => samePrincipal(task.principal, principal));
    if (theirs.length < mostOfOne) return;
    const done = theirs.find(({ task }) => task.status !== 'working');
    if (done !== undefined) entries.delete(done.task.id);
  };

  return {
    get size() {
      return entries.size;
    },
    start: (principal, standing, ttl, run) => {
      makeRoom(principal);
      const now = clock.now();
      const task = newTask(principal, now, Math.min(Math.max(ttl ?? longest, 1_000), longest), random);
      const entry: Entry = {
        task,
        controller: new AbortController(),
        expiresAt: now + task.ttl,
        askedAt: now,
        standing,
      };
      entries.set(task.id, entry);
      return Object.assign(task, { ended: begin(entry, run) });
    },
    find: (id, principal, standing) => {
      const entry = entries.get(id);
      if (entry === undefined || !samePrincipal(entry.task.principal, principal)) return undefined;
      entry.askedAt = clock.now();
      if (standing !== undefined && sameRights(entry.task.principal, principal)) entry.standing = standing;
      return entry.task;
    },
    of: (principal) =>
      [...entries.values()].map(({ task }) => task).filter((task) => samePrincipal(task.principal, principal)),
    cancel: (task) => {
      const entry = entries.get(task.id);
      if (entry === undefined) return;
      touch(entry, 'cancelled');
      entry.controller.abort();
    },
    forget: (task) => void entries.delete(task.id),
    tick: (now) => {
      for (const entry of entries.values()) {
        if (now >= entry.expiresAt) entries.delete(entry.task.id);
        if (now >= entry.expiresAt || now - entry.askedAt >= askedWithin) entry.controller.abort();
      }
    },
    closeAll: () => {
      for (const { controller } of entries.values()) controller.abort();
    },
  };
}

function newTask(principal: Principal, now: number, ttl: number, random: Random): Task {
  const createdAt = iso(now);
  return {
    id: Buffer.from(random.bytes(16)).toString('base64url'),
    principal,
    createdAt,
    updatedAt: createdAt,
    status: 'working',
    statusMessage: undefined,
    result: undefined,
    ttl,
    ended: Promise.resolve(),
  };
}

/** Whoever asks for a task brings a newer token than who began it. */
const newestStanding = (entry: Entry): Standing => ({
  check: (tool) => entry.standing.check(tool),
  watch: (changed) => entry.standing.watch(changed),
});
