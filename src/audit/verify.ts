import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { auditTypes } from '../domain/audit-event.ts';
import { invalid } from '../domain/errors.ts';
import { checkLink, type Link } from '../domain/hash-chain.ts';
import { listAt } from '../domain/json.ts';
import { chainFiles, type Head, parseHead, parseTorn, stands, stillTorn, type Torn } from './chain-files.ts';
import { parseLine } from './line.ts';
import { type OnLine, scanLines } from './scan.ts';
import { Story } from './story.ts';

interface VerifyFault {
  readonly kind: 'form' | 'seq' | 'time' | 'link' | 'type' | 'first-line' | 'head' | 'torn' | 'story';
  readonly file: string;
  /** Counted from 1; undefined where the whole file is meant. */
  readonly line: number | undefined;
  readonly message: string;
}

interface VerifiedChain {
  readonly file: string;
  readonly lines: number;
  /** SHA-256 of the last whole line, in hex. */
  readonly head: string | undefined;
  /** Bytes of an unfinished last line, which is kept. */
  readonly tornBytes: number;
}

export interface VerifyReport {
  readonly consistent: boolean;
  readonly chains: readonly VerifiedChain[];
  readonly lines: number;
  /** The first 1,000. */
  readonly faults: readonly VerifyFault[];
  readonly faultCount: number;
  /** Invocations that were authorized and have no outcome. */
  readonly openIntents: readonly string[];
  /** For people: `consistent; completeness unproven without an outside checkpoint`. */
  readonly summary: string;
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

/**
 * Checks every line of a folder, or of one chain, by its exact bytes: form, order, links, where chains name each other, and
 * the story that they tell. For one chain alone, what it says of others is not checked, nor the story.
 * @throws Invalid when there is no log to verify
 */
export async function verify(path: string): Promise<VerifyReport> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw invalid(`there is no audit log at ${path}`, 'name the audit folder or a file in it');
  const whole = found.isDirectory();
  const folder = whole ? path : dirname(path);
  const files = whole ? chainFiles(path) : [basename(path)];
  if (files.length === 0) throw invalid(`there is no audit log in ${path}`, 'name the audit folder or a file in it');
  const check = new Verification(folder);
  for (const file of files) await check.chain(file);
  return check.report(whole);
}

class Verification {
  readonly #folder: string;
  readonly #story = new Story();
  readonly #chains: VerifiedChain[] = [];
  readonly #faults: VerifyFault[] = [];
  readonly #heads: { readonly by: string; readonly head: Head }[] = [];
  readonly #torn: Torn[] = [];
  readonly #unfinished = new Map<string, number>();
  #faultCount = 0;
  #lines = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async chain(file: string): Promise<void> {
    let before: Link | undefined;
    let number = 0;
    const { end, rest } = await scanSettled(join(this.#folder, file), (line) => {
      number += 1;
      const { link, faults } = checkLink(before, line, number);
      for (const fault of faults) this.#fault({ file, ...fault });
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
    if (!types.has(link.type))
      this.#fault({ kind: 'type', file, line: number, message: `no event has the type ${link.type}` });
    if ((number === 1) !== (link.type === 'ChainOpened'))
      this.#fault({
        kind: 'first-line',
        file,
        line: number,
        message: 'ChainOpened is the first line, and only the first',
      });
    else if (number === 1) this.#first(file, line);
    this.#story.take(link.type, line, { file, line: number });
  }

  #first(file: string, bytes: Buffer): void {
    const line = parseLine(bytes);
    for (const each of listAt(line, 'heads')) {
      const head = parseHead(each);
      if (head === undefined) this.#fault({ kind: 'form', file, line: 1, message: 'a head in it cannot be read' });
      else this.#heads.push({ by: file, head });
    }
    this.#torn.push(...listAt(line, 'torn').flatMap((each) => parseTorn(each) ?? []));
  }

  report(whole: boolean): VerifyReport {
    if (whole) this.#checkHeads();
    this.#checkTorn(whole);
    const story = this.#story.end();
    if (whole) for (const fault of story) this.#fault({ kind: 'story', ...fault });
    const consistent = this.#faultCount === 0;
    return {
      consistent,
      chains: this.#chains,
      lines: this.#lines,
      faults: this.#faults,
      faultCount: this.#faultCount,
      openIntents: this.#story.openIntents,
      summary: consistent
        ? 'consistent; completeness unproven without an outside checkpoint'
        : `NOT consistent: ${this.#faultCount} ${this.#faultCount === 1 ? 'fault' : 'faults'}`,
    };
  }

  #checkHeads(): void {
    for (const { by, head } of this.#heads) {
      const message = this.#whyNot(by, head);
      if (message !== undefined) this.#fault({ kind: 'head', file: head.file, line: head.seq, message });
    }
  }

  #whyNot(by: string, head: Head): string | undefined {
    try {
      if (stands(join(this.#folder, head.file), head)) return undefined;
      return `it is not the line, or not in the place, that ${by} names: it or lines before it were changed or cut off`;
    } catch {
      return `the chain is missing: ${by} names it`;
    }
  }

  /** A torn line that a later chain names is kept; one that nobody names is a crash that no start has followed, or a cut. */
  #checkTorn(whole: boolean): void {
    const named = new Set<string>();
    for (const torn of this.#torn) {
      const there =
        this.#chains.some(({ file }) => file === torn.file) && stillTorn(join(this.#folder, torn.file), torn);
      if (there) named.add(`${torn.file} ${torn.start}`);
      else if (whole)
        this.#fault({
          kind: 'torn',
          file: torn.file,
          line: undefined,
          message: 'its unfinished line was changed or removed',
        });
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
