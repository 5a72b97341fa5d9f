import { join } from 'node:path';
import type { ChainedVote, RunEnd } from '../domain/audit-event.ts';
import { checkLink, type Link } from '../domain/hash-chain.ts';
import { type JsonObject, listAt, numberAt, stringAt } from '../domain/json.ts';
import { type Head, parseHead } from './chain-files.ts';
import { isOutcome, parseLine, wasSent } from './line.ts';
import { scanLines } from './scan.ts';

/** What one chain says about approvals and intents, up to the line that was read last. */
export class ChainIndex {
  readonly #path: string;
  readonly #file: string;
  #link: Link | undefined;
  /** Bytes that were read and whose links were checked. */
  offset = 0;
  readonly votes = new Map<string, ChainedVote[]>();
  /** Authorized here, and no outcome here: the approval, if it has one. */
  readonly open = new Map<string, string | undefined>();
  /** Outcomes of what was authorized in another chain, by invocation. */
  readonly closedElsewhere = new Map<string, RunEnd>();
  /** How the run of an approval ended, where its line is in the chain that authorized it. */
  readonly ended = new Map<string, RunEnd>();
  heads: readonly Head[] = [];

  constructor(folder: string, file: string) {
    this.#path = join(folder, file);
    this.#file = file;
  }

  /** Reads on. @throws Error naming file and line where a link is broken */
  async advance(): Promise<void> {
    const { end } = await scanLines(this.#path, this.offset, (line) => {
      const number = (this.#link?.seq ?? 0) + 1;
      const { link, faults } = checkLink(this.#link, line, number);
      const fault = faults[0];
      if (link === undefined || fault !== undefined)
        throw new Error(`${this.#file} line ${fault?.line ?? number}: ${fault?.message ?? 'it cannot be read'}`);
      this.#link = link;
      this.#take(link, line);
    });
    this.offset = end;
  }

  #take({ seq, type }: Link, line: Buffer): void {
    if (type === 'ApprovalVoted' || type === 'VoteWithdrawn') this.#takeVote(parseLine(line), seq, type);
    else if (type === 'Authorized') {
      const { invocation, approval } = idsOf(parseLine(line));
      this.open.set(invocation, approval);
    } else if (isOutcome(type) || type === 'Reconciled') this.#close(type, parseLine(line));
    else if (type === 'ChainOpened')
      this.heads = listAt(parseLine(line), 'heads').flatMap((each) => parseHead(each) ?? []);
  }

  #close(type: RunEnd, line: JsonObject): void {
    // That nobody knows is no end of it.
    if (type === 'Reconciled' && line.state === 'unknown') return;
    const { invocation } = idsOf(line);
    const approval = this.open.get(invocation);
    if (approval !== undefined && wasSent(line)) this.ended.set(approval, type);
    if (!this.open.delete(invocation) && wasSent(line)) this.closedElsewhere.set(invocation, type);
  }

  #takeVote(line: JsonObject, seq: number, type: string): void {
    const approval = stringAt(line, 'approval');
    const person = stringAt(line, 'approver');
    const planDigest = stringAt(line, 'planDigest');
    const n = numberAt(line, 'n');
    const decision = type === 'VoteWithdrawn' ? 'undo' : stringAt(line, 'decision');
    const known = decision === 'approve' || decision === 'deny' || decision === 'undo';
    // A deny that cannot be read must not be one that was never given.
    if (approval === undefined || person === undefined || planDigest === undefined || n === undefined || !known)
      throw new Error(`${this.#file} line ${seq}: it is not a vote that can be read`);
    const votes = this.votes.get(approval) ?? [];
    const breakGlass = line.breakGlass === true ? { breakGlass: true } : {};
    votes.push({ approval, person, decision, n, planDigest, ...breakGlass });
    this.votes.set(approval, votes);
  }
}

const idsOf = (line: JsonObject): { readonly invocation: string; readonly approval: string | undefined } => ({
  invocation: stringAt(line, 'invocation') ?? '',
  approval: stringAt(line, 'approval'),
});
