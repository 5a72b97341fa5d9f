import type { Approval } from '../../domain/approval.ts';
import { isOpen } from '../../domain/approval.ts';
import { CountersignError } from '../../domain/errors.ts';
import { stringAt } from '../../domain/json.ts';
import { open } from '../../domain/masked.ts';
import { isApprovable, messageBlocks } from './blocks.ts';
import { checkpointStep, checkpointText } from './checkpoint.ts';
import type { SlackMessage } from './ports.ts';
import type { Entry } from './posted.ts';
import { begin, type DeliveryParts, halfTime, hear, isLoud, post, shownDigest } from './posting.ts';
import { failureOf } from './transport.ts';
import { shownOf, wholePlan } from './whole-plan.ts';
import { digestOfBlocks } from './wire.ts';
import { brokenGlass, endLine, escalationLine, foundOut, notFoundOut, pushText, reminder, tellOwner } from './words.ts';

/** Milliseconds in which an edit for nothing but who waits is put off: clients come and go in fractions of a second. */
const settleFor = 3_000;

/** Milliseconds from the last needed vote in which an agent that waits has claimed it. */
const claimedWithin = 5_000;

/** Versions of a message that a click is taken on; all of them show the same plan. */
const mostEarlier = 8;

const never = Number.POSITIVE_INFINITY;

/**
 * Makes Slack say what is so about one approval: each step is begun on disk, sent, and done on disk, so that a process that is
 * killed anywhere, or an answer that is lost, neither loses nor doubles a message. Returns when to look again.
 * @throws Unavailable: what is not done yet is done the next time
 */
export async function deliver(parts: DeliveryParts, approval: Approval): Promise<number> {
  const known = await parts.ledger.entry(approval.id);
  if (known === undefined && !isOpen(approval.state) && !isLoud(approval)) return never;
  if (known !== undefined && known !== 'corrupt' && known.complete) return never;
  const found = known === undefined || known === 'corrupt' ? await begin(parts, approval, known === 'corrupt') : known;
  const posted = found.ts === undefined ? await post(parts, approval, found) : found;
  if (posted.ts === undefined) return never;
  const delivery = new Delivery(parts, approval, { ...posted, ts: posted.ts });
  return delivery.run();
}

class Delivery {
  readonly #parts: DeliveryParts;
  readonly #approval: Approval;
  #entry: Entry & { readonly ts: string };
  #next = never;

  constructor(parts: DeliveryParts, approval: Approval, entry: Entry & { readonly ts: string }) {
    this.#parts = parts;
    this.#approval = approval;
    this.#entry = entry;
  }

  async run(): Promise<number> {
    const { state } = this.#approval;
    if (isOpen(state) || isLoud(this.#approval)) await this.#file();
    await this.#edit();
    await this.#announceBrokenGlass();
    if (isOpen(state) || state === 'claimed') await this.#checkpoint();
    if (isOpen(state)) await this.#whileOpen();
    else if (state !== 'claimed') await this.#atTheEnd();
    if (isOpen(state) && this.#entry.begun.includes(hear)) {
      await this.#parts.catchUp(this.#approval);
      await this.#finish(hear);
    }
    return this.#next;
  }

  get #hasFile(): boolean {
    return this.#entry.done.includes('file');
  }

  /** What the message cannot hold stands in the thread before anybody can approve. */
  async #file(): Promise<void> {
    if (shownOf(this.#approval).isWhole) return;
    await this.postFile();
  }

  async postFile(): Promise<void> {
    const { name, content, digest } = wholePlan(this.#approval);
    const { channel, ts } = this.#entry;
    await this.#once(
      'file',
      async () => (await this.#own()).some(({ files = [] }) => files.includes(name)),
      () => this.#parts.api.upload({ channel, thread: ts, name, content, comment: `The whole plan, \`${digest}\`` }),
    );
  }

  async #edit(): Promise<void> {
    const { api, mentions, clock, written } = this.#parts;
    const text = pushText(this.#approval);
    const blocks = messageBlocks(this.#approval, mentions, this.#hasFile);
    const shown = shownDigest(text, blocks);
    const { state, have, votes } = this.#approval;
    const about = `${state} ${have} ${votes.length} ${this.#hasFile}`;
    const last = written.get(this.#approval.id);
    if (shown === this.#entry.shown) return;
    const ago = clock.now() - (last?.at ?? 0);
    // A clock that was set back would keep the edit waiting for as long.
    if (last?.about === about && ago >= 0 && ago < settleFor) return this.#lookAt(last.at + settleFor);
    const { channel, ts } = this.#entry;
    const { blocks: echoed } = await api.update({ channel, ts, text, blocks, approval: this.#approval.id });
    // After the end it stays what it was: a late click is then told that it is late, and not that a file is missing.
    const approvable = state === 'pending' ? isApprovable(this.#approval, this.#hasFile) : this.#entry.approvable;
    const { blocksDigest, earlierDigests } = this.#entry;
    const earlier = [blocksDigest, ...earlierDigests].slice(0, mostEarlier);
    await this.#keep({ blocksDigest: digestOfBlocks(echoed), earlierDigests: earlier, shown, approvable });
    if (isOpen(state)) written.set(this.#approval.id, { at: clock.now(), about });
    else written.delete(this.#approval.id);
  }

  async #announceBrokenGlass(): Promise<void> {
    for (const vote of this.#approval.votes) {
      if (vote.breakGlass !== true) continue;
      await this.#say(`glass:${vote.person}.${vote.n}`, () => brokenGlass(this.#approval, vote, this.#parts.mentions));
    }
  }

  /** After each vote: what the log says of it cannot be changed any more without its showing. */
  async #checkpoint(): Promise<void> {
    const step = checkpointStep(this.#approval);
    if (step === undefined || this.#entry.done.includes(step)) return;
    const note = await this.#note();
    if (note !== undefined) await this.#say(step, () => checkpointText(note));
  }

  /** People are told what happened also where nothing can be signed: readiness and the log say that. */
  async #note(): Promise<string | undefined> {
    return this.#parts.checkpoint?.().catch(() => undefined);
  }

  async #whileOpen(): Promise<void> {
    const { mentions, clock } = this.#parts;
    const { state, createdAt, requirement, decideBy, useBy, awaited } = this.#approval;
    this.#lookAt(useBy ?? decideBy);
    const now = clock.now();
    if (state === 'approved') {
      // An agent that was waiting has it claimed by then.
      const tellAt = (useBy ?? now) - requirement.useWithinSeconds * 1_000 + claimedWithin;
      if (now < tellAt) this.#lookAt(tellAt);
      else if (!awaited) await this.#tell('tell:approved');
      return;
    }
    if (now >= halfTime(this.#approval)) await this.#say('remind', () => reminder(this.#approval, mentions));
    else this.#lookAt(halfTime(this.#approval));
    for (const { afterSeconds, group } of requirement.escalation ?? []) {
      const at = createdAt + afterSeconds * 1_000;
      if (now < at) this.#lookAt(at);
      else await this.#say(`escalate:${group}`, () => escalationLine(this.#approval, group, mentions));
    }
  }

  async #atTheEnd(): Promise<void> {
    const result = this.#entry.done.includes('tell:end') ? undefined : await this.#result();
    const note = this.#entry.done.includes('end') ? undefined : await this.#note();
    const line = (): string => endLine(this.#approval, result, this.#parts.mentions);
    await this.#say('end', () => (note === undefined ? line() : `${line()}\n${checkpointText(note)}`));
    if (this.#approval.reconciled === undefined) await this.#tell('tell:end', result);
    if (this.#approval.undecidable !== undefined) await this.#say('undecidable', () => notFoundOut(this.#approval));
    if (this.#approval.reconciled !== undefined) {
      await this.#say('reconciled', () => foundOut(this.#approval, this.#parts.mentions));
      await this.#tell('tell:reconciled');
    }
    // Somebody may find out yet what nobody knows.
    if (this.#approval.state !== 'unknown') await this.#keep({ complete: true });
  }

  /** The first line of what the agent got. */
  async #result(): Promise<string | undefined> {
    const result = await this.#parts.approvals.result(this.#approval.id).catch(() => undefined);
    const message = stringAt(result, 'message');
    return message === undefined ? undefined : open(this.#parts.mask(message.split('\n', 1)[0] ?? ''));
  }

  async #say(step: string, text: () => string): Promise<void> {
    const { channel, ts } = this.#entry;
    const approval = this.#approval.id;
    await this.#once(
      step,
      async () => (await this.#own()).some(({ mark }) => mark?.approval === approval && mark.step === step),
      () => this.#parts.api.post({ channel, thread: ts, text: text(), approval, step }),
    );
  }

  /** A direct message cannot be looked for without reading people's conversations: one whose answer was lost is let be. */
  async #tell(step: string, result?: string): Promise<void> {
    const user = this.#parts.mentions.slackUser(this.#approval.principal.person);
    if (user === undefined) return;
    const text = tellOwner(this.#approval, result, this.#parts.mentions);
    await this.#once(
      step,
      async () => true,
      () => this.#parts.api.tell(user, text),
    );
  }

  async #once(step: string, isThere: () => Promise<boolean>, send: () => Promise<unknown>): Promise<void> {
    const { begun, done } = this.#entry;
    if (done.includes(step)) return;
    if (begun.includes(step) && (await isThere())) return this.#finish(step);
    await this.#keep({ begun: [...begun.filter((each) => each !== step), step] });
    try {
      await send();
    } catch (thrown) {
      const { perhapsDone, error } = failureOf(thrown);
      // Nobody to tell, or nowhere to: it will not be different the next time.
      if (error !== undefined && lasting.has(error)) return this.#finish(step);
      if (!perhapsDone) await this.#keep({ begun: this.#entry.begun.filter((each) => each !== step) });
      throw thrown;
    }
    await this.#finish(step);
  }

  async #finish(step: string): Promise<void> {
    const { begun, done } = this.#entry;
    await this.#keep({ begun: begun.filter((each) => each !== step), done: [...done, step] });
  }

  async #keep(changes: Partial<Entry>): Promise<void> {
    this.#entry = { ...this.#entry, ...changes };
    await this.#parts.ledger.put(this.#entry);
  }

  /** What we said in the thread ourselves: somebody else's file of the same name is not the plan. */
  async #own(): Promise<readonly SlackMessage[]> {
    const { api } = this.#parts;
    const { user } = await api.identity();
    const replies = await api.replies(this.#entry.channel, this.#entry.ts);
    return replies.filter((message) => message.user === user);
  }

  #lookAt(time: number): void {
    this.#next = Math.min(this.#next, time);
  }
}

/** Slack's words for people who cannot be told anything. https://docs.slack.dev/reference/methods/conversations.open */
const lasting = new Set(['user_not_found', 'user_disabled', 'cannot_dm_bot', 'user_not_visible', 'users_not_found']);

/** For a person who asks for it: the file in the thread, once. */
export async function postWholePlan(parts: DeliveryParts, approval: Approval): Promise<void> {
  const entry = await parts.ledger.entry(approval.id);
  if (entry === undefined || entry === 'corrupt' || entry.ts === undefined)
    throw new CountersignError('Unavailable', `the message of ${approval.id} is not known here yet`);
  await new Delivery(parts, approval, { ...entry, ts: entry.ts }).postFile();
}
