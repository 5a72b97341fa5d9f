import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { AuditEvent, AuditLog, AuditReader, ChainedVote } from '../../src/domain/audit-event.ts';
import { CountersignError } from '../../src/domain/errors.ts';
import { lineDigest } from '../../src/domain/hash-chain.ts';
import { open } from '../../src/domain/masked.ts';

export interface AuditFake extends AuditLog, AuditReader {
  readonly events: () => readonly AuditEvent[];
  /** From now on nothing can be written. */
  fail(): void;
}

/** An audit log in memory, or in a file where several processes write to one. No chain: only the order and the lines. */
export function createAuditFake(file?: string): AuditFake {
  const memory: AuditEvent[] = [];
  const attached = new Map<string, string>();
  let failing = false;
  const events = (): readonly AuditEvent[] => {
    if (file === undefined) return memory;
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as AuditEvent);
  };
  const write = (event: AuditEvent): void => {
    if (failing) throw new CountersignError('AuditUnavailable', 'the audit log cannot be written');
    if (file === undefined) memory.push(event);
    else appendFileSync(file, `${JSON.stringify(event)}\n`);
  };
  return {
    events,
    fail: () => {
      failing = true;
    },
    append: async (event) => write(event),
    note: write,
    attach: async (text) => {
      const digest = `sha256:${lineDigest(open(text))}`;
      attached.set(digest, open(text));
      return digest;
    },
    get healthy() {
      return !failing;
    },
    close: async () => undefined,
    votes: async (approval) =>
      events()
        .filter(({ type, fields }) => ['ApprovalVoted', 'VoteWithdrawn'].includes(type) && fields.approval === approval)
        .map(({ fields }) => ({
          approval,
          person: String(fields.approver),
          decision: fields.decision as ChainedVote['decision'],
          n: Number(fields.n),
          planDigest: String(fields.planDigest),
          ...(fields.breakGlass === true ? { breakGlass: true } : {}),
        })),
    runOf: async () => undefined,
    openIntents: async () => [],
  };
}
