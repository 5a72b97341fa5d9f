import { readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Review, Vote } from '../domain/approval.ts';
import { brokenGlass } from '../domain/approval-exceptions.ts';
import type { ApprovalFacts, Ending, Outcome } from '../domain/approval-state.ts';
import { CountersignError } from '../domain/errors.ts';
import type { Masker } from '../domain/masker.ts';
import type { State } from '../domain/state.ts';
import {
  decodeEnding,
  decodeOutcome,
  decodeRequest,
  decodeReview,
  decodeVote,
  encode,
  encodeRequest,
  type RequestRecord,
} from './record.ts';

export interface Stored {
  readonly record: RequestRecord;
  readonly facts: ApprovalFacts;
  /** Of a break-glass, when somebody else has looked at it. */
  readonly review: Review | undefined;
}

/** What stands on disk: files that are made once and never rewritten, one folder an approval. */
export interface Store {
  /** Takes the id, by its sealed input. False: the id is taken. */
  reserve(id: string, sealedInput: string): Promise<boolean>;
  /** From here on the approval is there. */
  create(record: RequestRecord): Promise<void>;
  ids(): Promise<readonly string[]>;
  /** Undefined: not there. @throws Unavailable for a corrupt record */
  load(id: string): Promise<Stored | undefined>;
  /** False: this person's n-th vote is there already. */
  vote(id: string, vote: Vote): Promise<boolean>;
  /** False: another end was first. */
  end(id: string, ending: Ending): Promise<boolean>;
  ended(id: string): Promise<boolean>;
  settle(id: string, outcome: Outcome): Promise<boolean>;
  put(id: string, name: 'result' | 'seen' | 'reviewed', content: string): Promise<boolean>;
  text(id: string, name: 'input' | 'result' | 'seen'): Promise<string | undefined>;
  wipeInput(id: string): Promise<void>;
  /** Drops what it keeps of the request to be faster: it is read again when it is asked for. */
  release(id: string): void;
  /** Changes whenever a file of the approval is made or removed; what has just changed equals nothing. */
  stamp(id: string): Promise<bigint | undefined>;
  /** Removes an id that was taken a day ago or earlier and never asked. */
  discard(id: string): Promise<void>;
  /** Moves a finished approval out of the folder that is listed. */
  moveAway(id: string): Promise<void>;
}

const idForm = /^cs-[0-9a-z]{6}$/;
const voteForm = /^[^.].*\.\d+$/;

export function createStore(state: State, masker: Pick<Masker, 'echo'>): Store {
  // Requests never change, so each is parsed once; kept only as long as its approval has no end.
  const requests = new Map<string, RequestRecord>();
  const base = once(() => state.folder('approvals'));
  const path = async (id: string, name: string): Promise<string> => join(await base(), id, name);
  const make = async (id: string, name: string, content: string): Promise<boolean> =>
    state.createExclusive(await path(id, name), content);
  return {
    reserve: async (id, sealedInput) => {
      await state.folder('approvals', id);
      return make(id, 'input', sealedInput);
    },
    create: async (record) => {
      await make(record.id, 'request', encodeRequest(record));
    },
    ids: async () => (await readdir(await base())).filter((name) => idForm.test(name)),
    load: async (id) => {
      if (!idForm.test(id)) return undefined;
      return load(join(await base(), id), id, requests, masker);
    },
    vote: (id, vote) => make(id, `${vote.person}.${vote.n}`, encode(vote)),
    end: (id, ending) => make(id, 'end', encode(ending)),
    ended: async (id) => (await readIfThere(await path(id, 'end'))) !== undefined,
    settle: (id, outcome) => make(id, 'outcome', encode(outcome)),
    put: make,
    text: async (id, name) => (idForm.test(id) ? readIfThere(await path(id, name)) : undefined),
    wipeInput: async (id) => {
      requests.delete(id);
      await unlink(await path(id, 'input')).catch(() => undefined);
    },
    release: (id) => void requests.delete(id),
    stamp: async (id) => stampOf(join(await base(), id)),
    discard: async (id) => {
      const folder = join(await base(), id);
      const { mtimeMs } = await stat(folder);
      if (Date.now() - mtimeMs > 86_400_000) await rm(folder, { recursive: true, force: true });
    },
    moveAway: async (id) => {
      requests.delete(id);
      await rename(join(await base(), id), join(await state.folder('approvals-finished'), id));
    },
  };
}

async function load(
  folder: string,
  id: string,
  requests: Map<string, RequestRecord>,
  masker: Pick<Masker, 'echo'>,
): Promise<Stored | undefined> {
  const read = async <T>(name: string, decode: (content: string) => T | undefined): Promise<T | undefined> => {
    const content = await readIfThere(join(folder, name));
    if (content === undefined) return undefined;
    const decoded = decode(content);
    if (decoded === undefined) throw corrupt(id, name);
    return decoded;
  };
  const record = requests.get(id) ?? (await read('request', (content) => decodeRequest(content, masker)));
  if (record === undefined) return undefined;
  if (record.id !== id) throw corrupt(id, 'request');
  // The end is read before the votes: votes that a claim did not see are then still seen here.
  const ending = await read('end', decodeEnding);
  if (ending === undefined) requests.set(id, record);
  else requests.delete(id);
  const outcome = await read('outcome', decodeOutcome);
  const there = await namesIn(folder);
  if (there === undefined) {
    requests.delete(id);
    return undefined;
  }
  const names = there.filter((name) => voteForm.test(name));
  const votes = await Promise.all(
    names.map((name) =>
      read(name, (content) => {
        const vote = decodeVote(content);
        return vote !== undefined && name === `${vote.person}.${vote.n}` ? vote : undefined;
      }),
    ),
  );
  const { createdAt, requirement, principal } = record;
  const given = votes.filter((vote) => vote !== undefined);
  const review = brokenGlass(given) && (await read('reviewed', decodeReview));
  return { record, facts: { createdAt, requirement, principal, votes: given, ending, outcome }, review };
}

/** Undefined: another process moved the finished approval away. */
async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** Milliseconds in which two changes may have the same time: a tick of the kernel's clock, and then some. */
const tick = 50;
let young = 0n;

async function stampOf(folder: string): Promise<bigint | undefined> {
  const found = await stat(folder, { bigint: true }).catch(() => undefined);
  if (found === undefined) return undefined;
  // File times are the real clock's, whatever clock was injected.
  return Math.abs(Date.now() - Number(found.mtimeMs)) < tick ? --young : found.mtimeNs;
}

const corrupt = (id: string, name: string): CountersignError =>
  new CountersignError('Unavailable', `the record of approval ${id} is corrupt: ${name} cannot be read`, {
    hint: `it cannot be used any more; ask again, and move the folder approvals/${id} out of the state directory`,
  });

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** The value of the first call, also for those that come meanwhile; a failure is tried again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((thrown: unknown) => {
      made = undefined;
      throw thrown;
    });
    return made;
  };
}
