import { randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type FileOperations, realFiles } from '../src/audit/file-operations.ts';
import { openAuditLog } from '../src/audit/log.ts';
import type { OpenAuditLog } from '../src/audit/open-log.ts';
import { query } from '../src/audit/query.ts';
import { verify } from '../src/audit/verify/verify.ts';
import type { AuditEvent } from '../src/domain/audit-event.ts';
import { ident } from '../src/domain/masked.ts';
import { type Figure, median } from './figures.ts';

/** Lines of the log that is verified and queried; COUNTERSIGN_BENCH_LINES for another number. */
const lines = Number(process.env.COUNTERSIGN_BENCH_LINES ?? 1_000_000);
const alone = 2_000;
const perCaller = 2_000;
const callers = 32;
const quiet = (): void => undefined;

/** Durable appends, alone and by 32 callers, beside the same bytes written and synced by nobody's log; then verify and query. */
export async function benchAudit(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-audit-'));
  try {
    const { own, bare } = await oneCaller(join(folder, 'one'));
    const grouped = await manyCallers(join(folder, 'many'));
    const unsynced = await manyCallers(join(folder, 'unsynced'), freeSyncs);
    const alone = 1_000 / median(bare);
    const big = join(folder, 'big');
    await fill(big);
    return [
      {
        name: 'one_caller_p50_ratio',
        value: median(own) / median(bare),
        target: '<= 2',
        says: 'durable append of one caller, to write and fdatasync alone',
      },
      { name: 'events_per_second', value: grouped, target: '>= 20000', says: 'durable appends a second, 32 callers' },
      {
        name: 'group_ratio',
        value: grouped / alone,
        target: '>= 8',
        says: 'the same, to one sync an event',
      },
      {
        name: 'sync_p50_ms',
        value: median(bare),
        says: 'ms of one write and sync: the slower the disk, the more a group gains',
      },
      { name: 'group_ratio_most', value: unsynced / alone, says: 'the group ratio on this machine if syncs were free' },
      ...(await reading(big)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const event = (n: number): AuditEvent => ({
  type: 'RequestReceived',
  invocation: `01JD6Q8Z${String(n).padStart(18, '0')}`,
  fields: {
    ...{
      tool: ident('get'),
      principal: ident(`agent-${n % 100}`),
      actingFor: ident('li@example.com'),
      cluster: ident('shop-prod'),
    },
    ...{ objects: [ident(`Deployment/shop-${n % 50}/web-${n % 1_000}`)], client: ident('claude-code') },
    ...{
      rule: ident('reads'),
      bundleDigest: ident(`sha256:${'7'.repeat(64)}`),
      planDigest: ident(`sha256:${'a'.repeat(64)}`),
    },
  },
});

/** What is left is the processor's. */
const freeSyncs: FileOperations = { ...realFiles, sync: quiet, syncLater: async () => undefined };

const open = (folder: string, files = realFiles): Promise<OpenAuditLog> =>
  openAuditLog({
    folder,
    files,
    clock: { now: () => Date.now() },
    random: { bytes: (length) => randomBytes(length) },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });

/** Milliseconds of each durable append, and in turns with them of writing as many bytes and syncing them. */
async function oneCaller(
  folder: string,
): Promise<{ readonly own: readonly number[]; readonly bare: readonly number[] }> {
  const log = await open(folder);
  const file = openSync(join(folder, 'bare'), 'ax');
  const bytes = Buffer.alloc(600, 120);
  const [own, bare]: [number[], number[]] = [[], []];
  for (let n = 0; n < alone; n++) {
    const begun = performance.now();
    await log.append(event(n), 'waits');
    const between = performance.now();
    writeSync(file, bytes);
    fdatasyncSync(file);
    own.push(between - begun);
    bare.push(performance.now() - between);
  }
  closeSync(file);
  await log.close();
  return { own, bare };
}

async function manyCallers(folder: string, files = realFiles): Promise<number> {
  const log = await open(folder, files);
  const begun = performance.now();
  const caller = async (first: number): Promise<void> => {
    for (let n = 0; n < perCaller; n++) await log.append(event(first + n));
  };
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index * perCaller)));
  const seconds = (performance.now() - begun) / 1_000;
  await log.close();
  return (callers * perCaller) / seconds;
}

async function fill(folder: string): Promise<void> {
  const log = await open(folder);
  const batch = 5_000;
  for (let n = 0; n < lines; n += batch)
    await Promise.all(Array.from({ length: batch }, (_, index) => log.append(event(n + index))));
  await log.close();
}

async function reading(folder: string): Promise<readonly Figure[]> {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  globalThis.gc?.();
  const begun = performance.now();
  const { consistent } = await verify(folder);
  const verified = (performance.now() - begun) / 1_000;
  clearInterval(timer);
  if (!consistent) throw new Error('the log of the bench is not whole');
  const asked = performance.now();
  let found = 0;
  for await (const _ of query(folder, { keys: { principal: 'agent-7' }, namespace: 'shop-7' })) found += 1;
  const queried = (performance.now() - asked) / 1_000;
  if (found === 0) throw new Error('the query of the bench found nothing');
  return [
    { name: 'verify_seconds', value: verified, target: '<= 10', says: `s to verify ${lines} lines` },
    {
      name: 'verify_mb',
      value: peak / 1_048_576,
      target: '<= 120',
      says: 'MiB of resident memory at most meanwhile, all in all',
    },
    { name: 'query_seconds', value: queried, target: '<= 5', says: `s to find ${found} of ${lines} lines` },
  ];
}
