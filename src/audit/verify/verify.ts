import { setTimeout } from 'node:timers/promises';
import { auditTypes } from '../../domain/audit-event.ts';
import { invalid } from '../../domain/errors.ts';
import { checkLink, type Link } from '../../domain/hash-chain.ts';
import { listAt } from '../../domain/json.ts';
import { parseHead, parseTorn, stillTorn, type Torn } from '../chain-files.ts';
import type { Note, VerifierKey } from '../checkpoint/note.ts';
import { parseLine } from '../line.ts';
import { type OnLine, scanLines } from '../scan.ts';
import { Attachments } from './attachments.ts';
import { NamedHeads } from './named.ts';
import { findChains, type Places } from './places.ts';
import { type Covered, summaryOf, type VerifiedChain, type VerifyFault, type VerifyReport } from './report.ts';
import { SignedNotes } from './signed.ts';
import { Story } from './story.ts';

export type { VerifyReport } from './report.ts';

export interface VerifyOptions {
  /** Public keys, from a place that who could change the log cannot change. Without one signatures are not checked. */
  readonly keys?: readonly VerifierKey[];
  /** Checkpoints that were kept outside. */
  readonly against?: readonly Note[];
  /** Chains that are named and not here were archived elsewhere: they are told, and are no fault. */
  readonly part?: boolean;
}

/** A line that its writer is writing at this moment is not a torn one: it is looked at again until nothing moves. */
async function scanSettled(path: string, onLine: OnLine): ReturnType<typeof scanLines> {
  let seen = await scanLines(path, 0, onLine);
  while (seen.rest.length > 0) {
    await setTimeout(10);
    const again = await scanLines(path, seen.end, onLine);
    if (again.end === seen.end && again.rest.length === seen.rest.length) break;
    seen = again;
  }
  return seen;
}

const mostFaults = 1_000;
const types: ReadonlySet<string> = new Set(auditTypes);
const fromOutside = '(from outside)';

/**
 * Checks every line of folders, or of single chains, by its exact bytes: form, order, links, signatures, where chains and
 * checkpoints name each other, and the story that they tell. For single chains what they say of others is not checked, nor the
 * story. Needs no network and no server.
 * @throws Invalid when there is no log to verify, or a checkpoint from outside is given without a public key
 */
export async function verify(named: string | readonly string[], options: VerifyOptions = {}): Promise<VerifyReport> {
  const { keys = [], against = [] } = options;
  if (against.length > 0 && keys.length === 0)
    throw invalid('a checkpoint proves nothing without the public key that it is signed with', 'give it with --key');
  const check = new Verification(await findChains(typeof named === 'string' ? [named] : named), options);
  check.outside(against);
  await check.chains();
  return check.report();
}

class Verification {
  readonly #places: Places;
  /** Whether a chain that is named and not here is a fault. */
  readonly #whole: boolean;
  readonly #story = new Story();
  readonly #attachments = new Attachments();
  readonly #named = new NamedHeads();
  readonly #notes: SignedNotes;
  readonly #chains: VerifiedChain[] = [];
  readonly #faults: VerifyFault[] = [];
  readonly #torn: Torn[] = [];
  readonly #unfinished = new Map<string, number>();
  #until: string | undefined;
  #faultCount = 0;
  #lines = 0;

  constructor(places: Places, { keys = [], part = false }: VerifyOptions) {
    this.#places = places;
    this.#whole = places.whole && !part;
    this.#notes = new SignedNotes(keys);
  }

  outside(notes: readonly Note[]): void {
    for (const [index, note] of notes.entries()) {
      const looked = this.#notes.outside(note);
      if ('message' in looked) {
        const message = `checkpoint ${index + 1} of those that were given: ${looked.message}`;
        this.#fault({ kind: looked.kind, file: fromOutside, line: undefined, message });
        continue;
      }
      const { time, heads } = looked.statement;
      if (this.#until === undefined || time > this.#until) this.#until = time;
      const by = `the checkpoint of ${time} from outside`;
      for (const head of heads) this.#named.add({ kind: 'checkpoint', by, from: undefined, head });
    }
  }

  async chains(): Promise<void> {
    for (const [file, path] of this.#places.paths) await this.#chain(file, path);
  }

  async #chain(file: string, path: string): Promise<void> {
    let before: Link | undefined;
    let number = 0;
    const { end, rest } = await scanSettled(path, (line, lineEnd) => {
      number += 1;
      const { link, faults } = checkLink(before, line, number);
      for (const fault of faults) this.#fault({ file, ...fault });
      this.#named.read(number, link?.digest ?? '', lineEnd);
      this.#event(file, number, link, line);
      // After a line that is none, the next is checked against what can be known of it.
      before = link ?? { seq: number, time: before?.time ?? '', type: '', digest: '' };
    });
    if (rest.length > 0) this.#unfinished.set(file, end);
    if (number === 0 && rest.length === 0)
      this.#fault({ kind: 'first-line', file, line: undefined, message: 'the file is empty' });
    this.#lines += number;
    this.#chains.push({ file, lines: number, head: before?.digest, tornBytes: rest.length });
  }

  #event(file: string, number: number, link: Link | undefined, line: Buffer): void {
    if (link === undefined) return;
    const { type } = link;
    const say = (kind: VerifyFault['kind'], message: string): void =>
      this.#fault({ kind, file, line: number, message });
    if (!types.has(type)) say('type', `no event has the type ${type}`);
    if ((number === 1) !== (type === 'ChainOpened'))
      say('first-line', 'ChainOpened is the first line, and only the first');
    else if (number === 1) this.#first(file, line);
    if (type === 'Checkpoint') this.#checkpoint(file, number, line);
    else if (type === 'Planned') this.#attachments.take(line, { file, line: number });
    this.#story.take(type, line, { file, line: number });
  }

  #first(file: string, bytes: Buffer): void {
    const line = parseLine(bytes);
    const from = { file, line: 1 };
    for (const each of listAt(line, 'heads')) {
      const head = parseHead(each);
      if (head === undefined) this.#fault({ kind: 'form', ...from, message: 'a head in it cannot be read' });
      else this.#named.add({ kind: 'head', by: file, from, head });
    }
    this.#torn.push(...listAt(line, 'torn').flatMap((each) => parseTorn(each) ?? []));
  }

  #checkpoint(file: string, number: number, line: Buffer): void {
    const looked = this.#notes.line(line);
    const from = { file, line: number };
    if ('message' in looked) this.#fault({ kind: looked.kind, ...from, message: looked.message });
    else
      for (const head of looked.statement.heads)
        this.#named.add({ kind: 'checkpoint', by: `the checkpoint in ${file}:${number}`, from, head }, number);
  }

  async report(): Promise<VerifyReport> {
    const { paths, folders, whole } = this.#places;
    const named = this.#named.check((file) => paths.get(file), this.#chains, !this.#whole);
    for (const fault of named.faults) this.#fault(fault);
    this.#checkTorn();
    for (const fault of await this.#attachments.check(folders, !this.#whole)) this.#fault(fault);
    const story = this.#story.end();
    if (whole && named.absent.length === 0) for (const fault of story) this.#fault({ kind: 'story', ...fault });
    const facts = {
      faultCount: this.#faultCount,
      checkpoints: this.#notes.seen,
      covered: this.#covered(),
      absent: whole ? named.absent : [],
    };
    return {
      consistent: this.#faultCount === 0,
      chains: this.#chains,
      lines: this.#lines,
      faults: this.#faults,
      openIntents: this.#story.openIntents,
      ...facts,
      summary: summaryOf(facts),
    };
  }

  #covered(): Covered | undefined {
    if (this.#until === undefined) return undefined;
    const lines = this.#named.boundLines();
    return { until: this.#until, lines, newer: Math.max(0, this.#lines - lines) };
  }

  /** A torn line that a later chain names is kept; one that nobody names is a crash that no start has followed, or a cut. */
  #checkTorn(): void {
    const named = new Set<string>();
    for (const torn of this.#torn) {
      const path = this.#places.paths.get(torn.file);
      const message = 'its unfinished line was changed or removed';
      if (path !== undefined && stillTorn(path, torn)) named.add(`${torn.file} ${torn.start}`);
      else if (this.#whole || path !== undefined)
        this.#fault({ kind: 'torn', file: torn.file, line: undefined, message });
    }
    for (const { file, lines, tornBytes } of this.#chains) {
      if (tornBytes === 0 || named.has(`${file} ${this.#unfinished.get(file)}`)) continue;
      const message = `its last line is unfinished (${tornBytes} bytes) and no later chain names it: its process was killed while it wrote, or the file was cut`;
      this.#fault({ kind: 'torn', file, line: lines + 1, message });
    }
  }

  #fault(fault: VerifyFault): void {
    this.#faultCount += 1;
    const { kind, file, line, message } = fault;
    if (this.#faults.length < mostFaults) this.#faults.push({ kind, file, line, message });
  }
}
