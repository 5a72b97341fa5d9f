import type { Approval, Approvals } from '../../domain/approval.ts';
import { isOpen } from '../../domain/approval.ts';
import { brokenGlass } from '../../domain/approval-exceptions.ts';
import type { Clock } from '../../domain/environment.ts';
import type { Masked } from '../../domain/masked.ts';
import { isApprovable, messageBlocks } from './blocks.ts';
import type { Mentions } from './mentions.ts';
import type { SlackApi } from './ports.ts';
import { type Entry, type Ledger, newEntry } from './posted.ts';
import { failureOf } from './transport.ts';
import { digestOfBlocks } from './wire.ts';
import { pushText } from './words.ts';

export interface DeliveryParts {
  /** Refuses what is sent too soon after a 429. */
  readonly api: Pick<SlackApi, 'identity' | 'post' | 'update' | 'upload' | 'replies' | 'own' | 'tell'>;
  readonly ledger: Ledger;
  readonly approvals: Pick<Approvals, 'result'>;
  readonly mentions: Mentions;
  readonly clock: Clock;
  readonly channel: string;
  /** Hears what was said in a thread while its message was not known here. @throws Unavailable */
  readonly catchUp: (approval: Approval) => Promise<void>;
  /** A kept result, through the mask once more. */
  readonly mask: (text: string) => Masked<string>;
  /** A signed note where the audit log stands now; undefined: none is put here. */
  readonly checkpoint?: (() => Promise<string>) | undefined;
  /** When each open message was last written by this process, and with which facts. */
  readonly written: Map<string, { readonly at: number; readonly about: string }>;
}

/** What is known before anything was sent; `perhaps`: something may have been. */
export async function begin({ api, channel }: DeliveryParts, approval: Approval, perhaps: boolean): Promise<Entry> {
  const { team } = await api.identity();
  const entry = newEntry({ approval: approval.id, team, channel, planDigest: approval.planDigest });
  return perhaps ? { ...entry, begun: ['post'] } : entry;
}

/** Countersigned by break-glass and not looked at yet: everybody is told, also where it was over before Slack was there. */
export const isLoud = ({ votes, review }: Approval): boolean =>
  review === undefined && brokenGlass(votes) !== undefined;

/** The message itself. One whose answer was lost is looked for in the channel first. */
export async function post(parts: DeliveryParts, approval: Approval, entry: Entry): Promise<Entry> {
  const { api, ledger, mentions, clock } = parts;
  if (entry.begun.includes('post')) {
    const since = String(Math.floor(approval.createdAt / 1_000) - 300);
    const own = await api.own(entry.channel, since);
    const found = own.find(({ mark }) => mark?.approval === approval.id && mark.step === 'post');
    if (found !== undefined)
      return kept(parts, { ...entry, ts: found.ts, blocksDigest: digestOfBlocks(found.blocks), begun: [hear] });
  }
  if (!isOpen(approval.state) && !isLoud(approval)) return kept(parts, { ...entry, complete: true });
  // After half of the time a reminder would only repeat what has just been said.
  const late = clock.now() >= halfTime(approval);
  const done = late ? ['remind'] : [];
  const blocks = messageBlocks(approval, mentions, false);
  const text = pushText(approval);
  await ledger.put({ ...entry, begun: ['post'] });
  const began = clock.now();
  try {
    const sent = await api.post({ channel: entry.channel, text, blocks, approval: approval.id });
    const approvable = isApprovable(approval, false);
    const shown = shownDigest(text, blocks);
    return await kept(parts, {
      ...entry,
      ts: sent.ts,
      blocksDigest: digestOfBlocks(sent.blocks),
      shown,
      approvable,
      begun: isPrompt(clock.now() - began) ? [] : [hear],
      done,
    });
  } catch (thrown) {
    if (!failureOf(thrown).perhapsDone) await ledger.put({ ...entry, begun: [] });
    throw thrown;
  }
}

/** The step that hears what was said before the message was known here. */
export const hear = 'hear';
/** Milliseconds for which a vote in a thread that is not known yet is held back (`inbound.ts`). */
const promptly = 500;
/** A clock that was set back meanwhile tells nothing. */
const isPrompt = (took: number): boolean => took >= 0 && took <= promptly;

async function kept({ ledger }: DeliveryParts, entry: Entry): Promise<Entry> {
  await ledger.put(entry);
  return entry;
}

export const halfTime = ({ createdAt, decideBy }: Approval): number => createdAt + (decideBy - createdAt) / 2;

export const shownDigest = (text: string, blocks: readonly object[]): string => digestOfBlocks([text, ...blocks]);

/** The message is gone: somebody deleted it. What was asked there is asked again. */
export async function forgetMessage(ledger: Ledger, approval: string): Promise<void> {
  const entry = await ledger.entry(approval);
  if (entry === undefined || entry === 'corrupt' || entry.complete) return;
  const { ts, ...rest } = entry;
  const former = [...(entry.former ?? []), ...(ts === undefined ? [] : [ts])];
  await ledger.put({ ...rest, former, shown: '', begun: ['post'], done: entry.done.filter((step) => step !== 'file') });
}
