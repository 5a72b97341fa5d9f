import { readdir, readFile, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CountersignError } from '../domain/errors.ts';
import type { SessionStart } from '../domain/identity.ts';
import type { State } from '../domain/state.ts';

const principalSchema = z.object({
  issuer: z.string(),
  subject: z.string(),
  agent: z.string(),
  client: z.string().exactOptional(),
  person: z.string().exactOptional(),
  groups: z.array(z.string()),
  verified: z.boolean(),
});

const recordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  process: z.string(),
  principal: principalSchema,
  client: z.object({ name: z.string(), version: z.string() }),
  transport: z.enum(['stdio', 'http', 'sse']) satisfies z.ZodType<SessionStart['transport']>,
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  expiresAt: z.number(),
});
type SessionRecord = z.output<typeof recordSchema>;

/** Known to the command line by a name that is no secret: with the id itself one could go on with the session. */
export interface ListedSession extends SessionRecord {
  /** To the minute. Milliseconds since 1970. */
  readonly lastSeen: number;
}

const nameForm = /^([0-9a-f]{32})\.(json|end)$/;

/** `<state>/sessions`: a record for each open session, and `<name>.end` where somebody ended it from outside. */
export interface SessionFiles {
  readonly folder: string;
  create(name: string, record: SessionRecord): Promise<void>;
  /** Both files; what is gone already is no fault. */
  remove(name: string): Promise<void>;
  /** For the list only. */
  touch(name: string, at: number): void;
  /** Asks the process that has it to end it. False: it was asked already. */
  revoke(name: string): Promise<boolean>;
  /** @throws when the folder cannot be read */
  revoked(): Promise<ReadonlySet<string>>;
  /** Those of processes that live; of the others the files are removed. */
  list(): Promise<readonly ListedSession[]>;
}

type StatePart = Pick<State, 'folder' | 'mark' | 'isAlive'>;

export async function openSessionFiles(state: StatePart): Promise<SessionFiles> {
  const folder = await state.folder('sessions');
  const path = (name: string, ending: 'json' | 'end'): string => join(folder, `${name}.${ending}`);
  const remove = async (name: string): Promise<void> => {
    for (const ending of ['json', 'end'] as const) await unlink(path(name, ending)).catch(() => undefined);
  };
  const names = async (ending: string): Promise<readonly string[]> =>
    (await readdir(folder))
      .map((file) => nameForm.exec(file))
      .flatMap((found) => (found?.[2] === ending ? [found[1] ?? ''] : []));
  return {
    folder,
    create: async (name, record) => {
      if (await state.mark(path(name, 'json'), JSON.stringify(record))) return;
      throw new CountersignError('Internal', 'two sessions have one name');
    },
    remove,
    touch: (name, at) => void utimes(path(name, 'json'), at / 1000, at / 1000).catch(() => undefined),
    revoke: (name) => state.mark(path(name, 'end'), 'revoked\n'),
    revoked: async () => new Set(await names('end')),
    list: async () => {
      const found: ListedSession[] = [];
      for (const name of await names('json')) {
        const session = await read(path(name, 'json'));
        if (session === undefined) continue;
        if (await state.isAlive(session.process)) found.push({ ...session, id: name });
        else await remove(name);
      }
      return found.sort((a, b) => a.startedAt - b.startedAt);
    },
  };
}

/** Undefined: it ended meanwhile, or is no session; the process that has it does not need the file. */
async function read(path: string): Promise<ListedSession | undefined> {
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return { ...record, lastSeen: (await stat(path)).mtimeMs };
  } catch {
    return undefined;
  }
}
