import { createHash } from 'node:crypto';
import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Log } from '../domain/environment.ts';
import { CountersignError, invalid } from '../domain/errors.ts';
import type { Suspensions } from '../domain/identity.ts';
import type { Principal } from '../domain/principal.ts';
import type { State } from '../domain/state.ts';

const suspensionSchema = z.strictObject({
  version: z.literal(1),
  /** An agent, a subject, a client or a person: whoever has this name. */
  name: z.string().min(1).max(512),
  /** Only the names that this issuer gives; undefined: of any, and of people. */
  issuer: z.string().min(1).max(2_000).optional(),
  reason: z.string().max(500),
  by: z.string().max(200),
  /** Milliseconds since 1970. */
  at: z.number(),
});
export type Suspension = z.output<typeof suspensionSchema>;

export interface SuspensionStore extends Suspensions {
  /** Durable and in force in every process within a second. False: it stood already. */
  suspend(suspension: Omit<Suspension, 'version'>): Promise<boolean>;
  /** False: there was none of this name and issuer. */
  resume(name: string, issuer: string | undefined): Promise<boolean>;
  /** What is in force against this principal; undefined also where that cannot be read. */
  find(principal: Principal): Suspension | undefined;
  /** Whether this person is suspended, in memory; nobody knows is yes. */
  isPersonSuspended(id: string): boolean;
  /** @throws Unavailable naming the file that cannot be read */
  list(): Promise<readonly Suspension[]>;
  close(): void;
}

export interface SuspensionOptions {
  readonly state: Pick<State, 'folder' | 'createExclusive' | 'watch'>;
  readonly log: Log;
}

/** What is in force: a list, or that nobody can tell. */
type Known = readonly Suspension[] | 'unreadable';

/** One file a suspension in the state directory, read at start and whenever the folder changes. */
export async function openSuspensions({ state, log }: SuspensionOptions): Promise<SuspensionStore> {
  const folder = await state.folder('suspended');
  const watchers = new Set<() => void>();
  let known: Known = 'unreadable';
  let begun = 0;
  let applied = 0;
  const read = async (): Promise<void> => {
    begun += 1;
    const mine = begun;
    const found = await readAll(folder).catch((thrown: unknown): Known => {
      log.error('who is suspended cannot be read, so every caller is', { cause: String(thrown) });
      return 'unreadable';
    });
    // A later look has seen more.
    if (mine < applied) return;
    applied = mine;
    const changed = JSON.stringify(found) !== JSON.stringify(known);
    known = found;
    if (!changed) return;
    for (const watcher of watchers) watcher();
  };
  // Before the first look: a change in between is seen by either.
  const stop = state.watch(folder, () => void read());
  await read();
  return {
    check: (principal) => check(known, principal),
    find: (principal) => (known === 'unreadable' ? undefined : against(known, principal)),
    isPersonSuspended: (id) =>
      known === 'unreadable' || known.some(({ name, issuer }) => name === id && issuer === undefined),
    watch: (changed) => {
      // An object of its own, so that one who watches twice stops each by itself.
      const watcher = (): void => changed();
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    suspend: async (suspension) => {
      const whole: Suspension = { version: 1, ...suspension };
      const path = join(folder, fileOf(whole.name, whole.issuer));
      const made = await state.createExclusive(path, JSON.stringify(whole));
      await read();
      return made;
    },
    resume: async (name, issuer) => {
      const gone = await unlink(join(folder, fileOf(name, issuer))).then(
        () => true,
        (thrown: unknown) => {
          if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return false;
          throw new CountersignError('Unavailable', 'the suspension cannot be removed', { cause: thrown });
        },
      );
      await read();
      return gone;
    },
    list: () => readAll(folder),
    close: stop,
  };
}

/** Named by what it says, so that a second one of the same name is the same file. */
const fileOf = (name: string, issuer: string | undefined): string =>
  `${createHash('sha256')
    .update(JSON.stringify([name, issuer ?? null]))
    .digest('hex')
    .slice(0, 40)}.json`;

async function readAll(folder: string): Promise<readonly Suspension[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  const all = await Promise.all(names.map((name) => readOne(folder, name)));
  return all.filter((each) => each !== undefined);
}

/** Undefined: it was removed meanwhile. */
async function readOne(folder: string, name: string): Promise<Suspension | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch((thrown: unknown) => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw new CountersignError('Unavailable', `${name} in ${folder} cannot be read`, { cause: thrown });
  });
  if (text === undefined) return undefined;
  try {
    const suspension = suspensionSchema.parse(JSON.parse(text));
    if (fileOf(suspension.name, suspension.issuer) === name) return suspension;
  } catch {
    // Said below: what it should have said is not known.
  }
  throw invalid(`${name} in ${folder} is no suspension`, 'restore it from a backup, or remove it and suspend again');
}

function against(known: readonly Suspension[], principal: Principal): Suspension | undefined {
  if (known.length === 0) return undefined;
  const names = [principal.agent, principal.subject, principal.client, principal.person];
  return known.find(
    ({ name, issuer }) => names.includes(name) && (issuer === undefined || issuer === principal.issuer),
  );
}

function check(known: Known, principal: Principal): void {
  if (known === 'unreadable')
    throw new CountersignError('Unauthorized', 'It cannot be read who is suspended, so nobody may call', {
      hint: 'tell the operator: `countersign principals list` says what is wrong',
    });
  const found = against(known, principal);
  if (found === undefined) return;
  throw new CountersignError(
    'Unauthorized',
    `The caller ${found.name} is suspended${found.reason === '' ? '' : `: ${found.reason}`}`,
    {
      hint: 'stop, and tell the user: an operator has to resume it with `countersign principals resume`',
    },
  );
}
