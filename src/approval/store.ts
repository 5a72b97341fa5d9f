import { statSync } from 'node:fs';
import { rename, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Review, Vote } from '../domain/approval.ts';
import { brokenGlass } from '../domain/approval-exceptions.ts';
import type { ApprovalFacts, Ending, Outcome } from '../domain/approval-state.ts';
import { CountersignError } from '../domain/errors.ts';
import { open } from '../domain/masked.ts';
import type { Masker } from '../domain/masker.ts';
import type { State } from '../domain/state.ts';
import { namesIn, once, readIfThere, statIfThere } from './files.ts';
import {
  decodeEnding,
  decodeOutcome,
  decodeReconciled,
  decodeRequest,
  decodeReview,
  decodeUndecidable,
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

/** Who is just settling it: the n-th process, when those before it died over that. */
export type Lease = `settling-${number}`;
type Written = 'result' | 'reviewed' | 'reconciled' | 'undecidable' | Lease;

/** What stands on disk: files that are made once and never rewritten, one folder an approval. */
export interface Store {
  /** Takes the id, by its folder. False: the id is taken. */
  reserve(id: string): Promise<boolean>;
  /** From here on the approval is there. */
  create(record: RequestRecord, sealedInput: string): Promise<void>;
  /** Gives an id back that was never asked. */
  giveBack(id: string): Promise<void>;
  /** Whether it was taken, and is not asked yet. */
  isReserved(id: string): Promise<boolean>;
  ids(): Promise<readonly string[]>;
  /** Undefined: not there. @throws Unavailable for a corrupt record */
  load(id: string): Promise<Stored | undefined>;
  /** False: this person's n-th vote is there already. */
  vote(id: string, vote: Vote): Promise<boolean>;
  /** False: another end was first. */
  end(id: string, ending: Ending): Promise<boolean>;
  ended(id: string): Promise<boolean>;
  /** With the result: an approval that says it ran has it. False: another outcome was first. */
  settle(id: string, outcome: Outcome, result?: string): Promise<boolean>;
  put(id: string, name: Written, content: string): Promise<boolean>;
  /** Undefined: there is none. */
  held(id: string, name: Lease): Promise<string | undefined>;
  letGo(id: string, name: Lease): Promise<void>;
  /** The result was handed out. */
  seen(id: string): Promise<void>;
  text(id: string, name: 'input' | 'result' | 'seen'): Promise<string | undefined>;
  wipeInput(id: string): Promise<void>;
  /** Drops what it keeps of the request to be faster: it is read again when it is asked for. */
  release(id: string): void;
  /** Changes whenever a file of the approval is made or removed; what has just changed equals nothing. */
  stamp(id: string): Promise<number | undefined>;
  /** Removes an id that was taken a day ago or earlier and never asked. */
  discard(id: string): Promise<void>;
  /** Moves a finished approval out of the folder that is listed. */
  moveAway(id: string): Promise<void>;
}

const idForm = /^cs-[0-9a-z]{6}$/;
const voteForm = /^[^.].*\.\d+$/;

export function createStore(state: State, masker: Pick<Masker, 'echo' | 'words'>): Store {
  // Requests never change, so each is parsed once; kept only as long as its approval is not over.
  const requests = new Map<string, RequestRecord>();
  const base = once(() => state.folder('approvals'));
  const path = async (id: string, name: string): Promise<string> => join(await base(), id, name);
  const make = async (id: string, name: string, content: string): Promise<boolean> =>
    state.createExclusive(await path(id, name), content);
  return {
    reserve: async (id) => state.takeFolder(join(await base(), id)),
    create: async (record, sealedInput) => {
      const { id } = record;
      const files = [
        { path: await path(id, 'input'), content: sealedInput },
        { path: await path(id, 'request'), content: encodeRequest(record) },
      ];
      // The name of its folder too: nobody is told of an approval that a failure of power takes away.
      const [made] = await Promise.all([state.createExclusiveAll(files), state.sync(await base())]);
      if (made.includes(false)) throw corrupt(id, 'request');
      // What was just written is not read again; it shares its principal, its cluster and its texts with the call that asked.
      requests.set(id, record);
    },
    giveBack: async (id) => {
      // One with files in it stays, and is discarded when it is old.
      await rmdir(join(await base(), id)).catch(() => undefined);
    },
    isReserved: async (id) => idForm.test(id) && statIfThere(join(await base(), id)) !== undefined,
    ids: async () => (namesIn(await base()) ?? []).filter((name) => idForm.test(name)),
    load: async (id) => {
      if (!idForm.test(id)) return undefined;
      return load(join(await base(), id), id, requests, masker);
    },
    vote: (id, vote) => make(id, `${vote.person}.${vote.n}`, encode(vote)),
    end: (id, ending) => make(id, 'end', encode(ending)),
    ended: async (id) => statIfThere(await path(id, 'end')) !== undefined,
    settle: async (id, outcome, result) => {
      const made = await state.createExclusiveAll([
        ...(result === undefined ? [] : [{ path: await path(id, 'result'), content: result }]),
        { path: await path(id, 'outcome'), content: encode(outcome) },
      ]);
      return made.at(-1) === true;
    },
    put: make,
    held: async (id, name) => readIfThere(await path(id, name)),
    letGo: async (id, name) => void (await unlink(await path(id, name)).catch(() => undefined)),
    // After a failure of power nobody knows whether the answer arrived: then it may be given again.
    seen: async (id) => void (await state.mark(await path(id, 'seen'), '')),
    text: async (id, name) => (idForm.test(id) ? readIfThere(await path(id, name)) : undefined),
    wipeInput: async (id) => {
      requests.delete(id);
      await unlink(await path(id, 'input')).catch(() => undefined);
    },
    release: (id) => void requests.delete(id),
    stamp: async (id) => stampOf(join(await base(), id)),
    discard: async (id) => {
      const folder = join(await base(), id);
      if (Date.now() - statSync(folder).mtimeMs > 86_400_000) await rm(folder, { recursive: true, force: true });
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
  masker: Pick<Masker, 'echo' | 'words'>,
): Promise<Stored | undefined> {
  const read = <T>(name: string, decode: (content: string) => T | undefined): T | undefined => {
    const content = readIfThere(join(folder, name));
    if (content === undefined) return undefined;
    const decoded = decode(content);
    if (decoded === undefined) throw corrupt(id, name);
    return decoded;
  };
  const record = requests.get(id) ?? read('request', (content) => decodeRequest(content, masker));
  if (record === undefined) return undefined;
  if (record.id !== id) throw corrupt(id, 'request');
  // The end is read before the votes: votes that a claim did not see are then still seen here.
  const ending = told(read('end', decodeEnding), masker);
  const outcome = ending && read('outcome', decodeOutcome);
  const reconciled = outcome?.command === 'lose' ? told(read('reconciled', decodeReconciled), masker) : undefined;
  const undecidable = outcome?.command === 'lose' ? read('undecidable', decodeUndecidable) : undefined;
  const isOver = ending !== undefined && (ending.command !== 'claim' || outcome !== undefined);
  if (isOver) requests.delete(id);
  else requests.set(id, record);
  const names = namesIn(folder);
  if (names === undefined) {
    // Another process moved the finished approval away.
    requests.delete(id);
    return undefined;
  }
  const votes = names
    .filter((name) => voteForm.test(name))
    .map((name) =>
      read(name, (content) => {
        const vote = decodeVote(content);
        return vote !== undefined && name === `${vote.person}.${vote.n}` ? said(vote, masker) : undefined;
      }),
    )
    .filter((vote) => vote !== undefined);
  const { createdAt, requirement, principal } = record;
  const reviewed = brokenGlass(votes) && read('reviewed', decodeReview);
  const review = reviewed && said(reviewed, masker);
  const facts = { createdAt, requirement, principal, votes, ending, outcome, reconciled, undecidable };
  return { record, facts, review };
}

/** Who wrote it down, a command for one, may not have known the values that are held here. */
const said = <T extends Vote | Review>(by: T, masker: Pick<Masker, 'words'>): T =>
  by.comment === undefined ? by : { ...by, comment: open(masker.words(by.comment)) };
const told = <T extends { readonly because: string }>(
  why: T | undefined,
  masker: Pick<Masker, 'words'>,
): T | undefined =>
  why === undefined || why.because === '' ? why : { ...why, because: open(masker.words(why.because)) };

/** Milliseconds in which two changes may have the same time: a tick of the kernel's clock, and then some. */
const tick = 50;
let young = 0;

function stampOf(folder: string): number | undefined {
  const found = statIfThere(folder);
  if (found === undefined) return undefined;
  // File times are the real clock's, whatever clock was injected.
  return Math.abs(Date.now() - found.mtimeMs) < tick ? --young : found.mtimeMs;
}

const corrupt = (id: string, name: string): CountersignError =>
  new CountersignError('Unavailable', `the record of approval ${id} is corrupt: ${name} cannot be read`, {
    hint: `it cannot be used any more; ask again, and move the folder approvals/${id} out of the state directory`,
  });
