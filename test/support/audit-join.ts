import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinLogs } from '../../src/audit/join/join.ts';
import { auditId } from '../../src/domain/audit-id.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { type AuditLine, readAudit } from './control-plane/kube.ts';
import { controlPlane } from './control-plane/namespace.ts';
import { waitUntil } from './control-plane/wait-until.ts';

/** An invocation of our log, with the Audit-IDs that its requests had. */
export interface ToldInvocation {
  readonly lines: readonly JsonObject[];
  readonly auditIds: readonly string[];
}

/** Our log by invocation: each chain's ids are told by the seed in its first line. */
export async function toldInvocations(folder: string): Promise<ReadonlyMap<string, ToldInvocation>> {
  const told = new Map<string, ToldInvocation>();
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.jsonl'))) {
    const text = await readFile(join(folder, name), 'utf8');
    const lines = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as JsonObject]));
    const seed = Buffer.from(String(lines[0]?.auditIdSeed), 'hex');
    for (const line of lines) {
      const invocation = String(line.invocation);
      const known = told.get(invocation) ?? { lines: [], auditIds: [] };
      const count = Math.max(known.auditIds.length, Number(line.auditIds ?? 0));
      const auditIds = Array.from({ length: count }, (_, n) => known.auditIds[n] ?? auditId(seed, invocation, n + 1));
      told.set(invocation, { lines: [...known.lines, line], auditIds });
    }
  }
  return told;
}

/** What the API server logged of one user's requests, one line a request. */
export async function requestsOf(username: string, auditLogPath: string | undefined): Promise<readonly AuditLine[]> {
  if (auditLogPath === undefined) {
    throw new Error("This needs the API server's own audit log: run it without COUNTERSIGN_TEST_KUBECONFIG.");
  }
  const lines = await readAudit(auditLogPath);
  const own = lines.filter(({ user }) => user.username === username);
  // A long-running request has two lines; the first says that it has begun, and is as good.
  return [...new Map(own.map((line) => [line.auditID, line])).values()];
}

/**
 * Both logs have every request of these users, and tell the same of it: what an auditor sees, at the end of every suite that has a
 * server of its own. @throws Error naming what only one of them has
 */
export async function expectJoined(state: string, users: readonly string[]): Promise<void> {
  const { auditLogPath } = controlPlane();
  // A cluster of somebody else does not show its log; the closing lines of the run say so.
  if (auditLogPath === undefined) return;
  let said = '';
  const joined = async (): Promise<boolean> => {
    const found = await joinLogs(join(state, 'audit'), [auditLogPath], { users });
    const { onlyOurs, different, matched } = found;
    // Other suites have servers of their own on this API server.
    const onlyTheirs = found.onlyTheirs.filter((request) => users.includes(request.as ?? request.user));
    said = JSON.stringify({ matched, onlyOurs, onlyTheirs, different }, null, 1);
    return onlyOurs.length + onlyTheirs.length + different.length === 0;
  };
  // The API server writes its log behind its answers.
  await waitUntil('the audit logs agree', joined, 10_000, 250).catch(() => {
    throw new Error(`the audit logs do not agree: ${said.slice(0, 4_000)}`);
  });
}

/**
 * The same where servers were killed, over a folder with the logs of all of them. What one read for itself just before, it did not
 * come to write down, and what it counted may not have arrived; but whatever could change anything is in ours, and said alike.
 */
export async function expectChangesJoined(folder: string, user: string): Promise<void> {
  const { auditLogPath } = controlPlane();
  if (auditLogPath === undefined) return;
  const { matched, onlyTheirs, different } = await joinLogs(folder, [auditLogPath], { users: [user] });
  const strangers = onlyTheirs.filter((request) => request.user === user && mutates(request));
  if (matched > 0 && strangers.length + different.length === 0) return;
  const said = JSON.stringify({ matched, strangers, different }, null, 1);
  throw new Error(`the audit logs do not agree: ${said.slice(0, 4_000)}`);
}

/** Whether it could have changed something: a write or a way into a container, and not a dry run. */
export const mutates = ({ verb, requestURI }: Pick<AuditLine, 'verb' | 'requestURI'>): boolean =>
  (!['get', 'list', 'watch'].includes(verb) || /\/(exec|attach|portforward|proxy)(\?|\/|$)/.test(requestURI)) &&
  !/[?&]dryRun=All(&|$)/.test(requestURI);
