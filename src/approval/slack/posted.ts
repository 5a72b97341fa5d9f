import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { State } from '../../domain/state.ts';
import { once, readIfThere } from '../files.ts';
import { json } from '../record.ts';
import type { Posted, PostedStore } from './ports.ts';

const text = z.string();

/**
 * All that is known of one approval in Slack. A step is begun, on disk, before its request leaves, and done once Slack has
 * answered: what is begun and not done is looked for in Slack before it is sent again.
 */
const entrySchema = z.object({
  version: z.literal(1),
  approval: text,
  team: text,
  channel: text,
  planDigest: text,
  /** Undefined: the post was begun, and its answer never came. */
  ts: text.exactOptional(),
  /** Of messages that somebody deleted: what was said below them was said. */
  former: z.array(text).exactOptional(),
  blocksDigest: text,
  earlierDigests: z.array(text).default([]),
  approvable: z.boolean(),
  /** Digest of what was last written, so that nothing is edited for nothing. */
  shown: text,
  begun: z.array(text),
  done: z.array(text),
  /** Nothing more will happen to it. */
  complete: z.boolean(),
});
export type Entry = Readonly<z.infer<typeof entrySchema>>;

/** Written by the one process that holds Slack, read by all. */
export interface Ledger extends PostedStore {
  /** `corrupt`: something stands there that cannot be read, so a message may have been posted. */
  entry(approval: string): Promise<Entry | 'corrupt' | undefined>;
  put(entry: Entry): Promise<void>;
  entries(): Promise<readonly Entry[]>;
  remove(approval: string): Promise<void>;
}

const nameForm = /^(cs-[0-9a-z]{6})\.json$/;

export function createLedger(state: State): Ledger {
  const folder = once(() => state.folder('slack-posted'));
  const path = async (approval: string): Promise<string> => join(await folder(), `${approval}.json`);
  // Complete ones do not change any more, so they are read once.
  const complete = new Map<string, Entry>();
  const entry = async (approval: string): Promise<Entry | 'corrupt' | undefined> => {
    if (!nameForm.test(`${approval}.json`)) return undefined;
    const known = complete.get(approval);
    if (known !== undefined) return known;
    const content = readIfThere(await path(approval));
    if (content === undefined) return undefined;
    const parsed = entrySchema.safeParse(json(content));
    if (!parsed.success || parsed.data.approval !== approval) return 'corrupt';
    if (parsed.data.complete) complete.set(approval, parsed.data);
    return parsed.data;
  };
  const put = async (changed: Entry): Promise<void> => {
    complete.delete(changed.approval);
    await state.replace(await path(changed.approval), JSON.stringify(changed));
  };
  const entries = async (): Promise<readonly Entry[]> => {
    const ids = (await readdir(await folder())).flatMap((name) => nameForm.exec(name)?.[1] ?? []);
    const found: Entry[] = [];
    for (const id of ids) {
      const each = await entry(id);
      if (each !== undefined && each !== 'corrupt') found.push(each);
    }
    return found;
  };
  const all = async (): Promise<readonly Posted[]> => (await entries()).flatMap((each) => postedOf(each) ?? []);
  return {
    entry,
    put,
    entries,
    remove: async (approval) => {
      complete.delete(approval);
      await unlink(await path(approval)).catch(() => undefined);
    },
    read: async (approval) => {
      const found = await entry(approval);
      return found === undefined || found === 'corrupt' ? undefined : postedOf(found);
    },
    byMessage: async (channel, ts) =>
      (await all()).find((each) => each.channel === channel && (each.ts === ts || each.former?.includes(ts) === true)),
    write: async ({ hasFile: _, former, ...posted }) => {
      const before = await entry(posted.approval);
      const known = before === undefined || before === 'corrupt' ? undefined : before;
      const changed = { ...posted, earlierDigests: [...posted.earlierDigests] };
      await put({
        ...(known ?? newEntry(posted)),
        ...changed,
        ...(former === undefined ? {} : { former: [...former] }),
      });
    },
    all,
  };
}

export const newEntry = (about: Pick<Entry, 'approval' | 'team' | 'channel' | 'planDigest'>): Entry => ({
  version: 1,
  approval: about.approval,
  team: about.team,
  channel: about.channel,
  planDigest: about.planDigest,
  blocksDigest: '',
  earlierDigests: [],
  approvable: false,
  shown: '',
  begun: [],
  done: [],
  complete: false,
});

function postedOf(entry: Entry): Posted | undefined {
  const { approval, team, channel, ts, blocksDigest, earlierDigests, planDigest, approvable } = entry;
  if (ts === undefined) return undefined;
  return {
    ...{ approval, team, channel, ts, blocksDigest, earlierDigests, planDigest, approvable },
    hasFile: entry.done.includes('file'),
    ...(entry.former === undefined ? {} : { former: entry.former }),
  };
}
