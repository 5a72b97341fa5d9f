import { type Head, stands } from '../chain-files.ts';
import type { VerifiedChain, VerifyFault } from './report.ts';

/** A line, or a checkpoint from outside, that says where a chain stood. */
interface Naming {
  readonly kind: 'head' | 'checkpoint';
  /** For people. */
  readonly by: string;
  /** The line that says it; undefined: it comes from outside. */
  readonly from: { readonly file: string; readonly line: number } | undefined;
  readonly head: Head;
}

/** Lines of the chain that is read now whose digests are remembered: a checkpoint mostly names one of them. */
const remembered = 4_096;

/** What chains and checkpoints say of where chains stood: whether it is so, and what they bind. */
export class NamedHeads {
  readonly #namings: Naming[] = [];
  readonly #recent: { readonly digest: string; readonly end: number }[] = [];
  /** The last line of each chain that some signed statement still fits. */
  readonly #fits = new Map<string, number>();

  /** A line of the chain that is read now. */
  read(seq: number, digest: string, end: number): void {
    if (seq === 1) this.#recent.length = 0;
    this.#recent[seq % remembered] = { digest, end };
  }

  add(naming: Naming, lineNow?: number): void {
    const { head, from } = naming;
    if (from?.file === head.file && lineNow !== undefined && lineNow - head.seq < remembered && head.seq <= lineNow) {
      const line = this.#recent[head.seq % remembered];
      if (line?.digest === head.digest && line.end === head.end) {
        this.#fits.set(head.file, Math.max(head.seq, this.#fits.get(head.file) ?? 0));
        return;
      }
    }
    this.#namings.push(naming);
  }

  /** `absentIsFine`: what is not here is returned, and is no fault. */
  check(
    pathOf: (file: string) => string | undefined,
    chains: readonly VerifiedChain[],
    absentIsFine: boolean,
  ): { readonly faults: readonly VerifyFault[]; readonly absent: readonly string[] } {
    const faults: VerifyFault[] = [];
    const absent = new Set<string>();
    const lines = new Map(chains.map((chain) => [chain.file, chain.lines]));
    for (const naming of this.#namings.toSorted((a, b) => a.head.seq - b.head.seq)) {
      const { kind, by, head } = naming;
      const path = pathOf(head.file);
      if (path === undefined) {
        absent.add(head.file);
        const message = `the chain is missing: ${by} names it`;
        if (!absentIsFine) faults.push({ kind, file: head.file, line: head.seq, message });
      } else if (isThere(path, head)) this.#fits.set(head.file, Math.max(head.seq, this.#fits.get(head.file) ?? 0));
      else
        faults.push({
          kind,
          file: head.file,
          line: head.seq,
          message: this.#whyNot(naming, lines.get(head.file) ?? 0),
        });
    }
    return { faults, absent: [...absent].sort() };
  }

  #whyNot({ by, head }: Naming, lines: number): string {
    if (lines < head.seq)
      return `${by} names line ${head.seq}, and the chain ends at line ${lines}: ${head.seq - lines} lines were cut off`;
    const good = this.#fits.get(head.file);
    const range = good === undefined ? 'it or a line before it' : `it or one of the lines ${good + 1} to ${head.seq}`;
    return `it is not the line, or not in the place, that ${by} names: ${range} was changed, removed or added`;
  }

  /** Lines that statements from outside bind, directly or by what the bound lines name. */
  boundLines(): number {
    const bound = new Map<string, number>();
    const byFile = byWho(this.#namings);
    const todo = (byFile.get('') ?? []).map(({ head }) => head);
    for (let head = todo.pop(); head !== undefined; head = todo.pop()) {
      const before = bound.get(head.file) ?? 0;
      if (head.seq <= before) continue;
      bound.set(head.file, head.seq);
      for (const { from, head: next } of byFile.get(head.file) ?? [])
        if (from !== undefined && from.line > before && from.line <= head.seq) todo.push(next);
    }
    return [...bound.values()].reduce((sum, each) => sum + each, 0);
  }
}

/** Of those from outside the name is empty. */
function byWho(namings: readonly Naming[]): ReadonlyMap<string, readonly Naming[]> {
  const groups = new Map<string, Naming[]>();
  for (const naming of namings) {
    const file = naming.from?.file ?? '';
    const group = groups.get(file) ?? [];
    group.push(naming);
    groups.set(file, group);
  }
  return groups;
}

function isThere(path: string, head: Head): boolean {
  try {
    return stands(path, head);
  } catch {
    return false;
  }
}
