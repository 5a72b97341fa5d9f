import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
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
const perCaller = 2_000;
const callers = 32;
const rounds = 5;
/** Of a line of such an event, about. */
const lineBytes = 540;
const quiet = (): void => undefined;

/** Milliseconds of a write and its sync on the disk that the group ratio is stated for. */
const statedDisk = 0.2;

/** Durable appends, alone and by 32 callers, beside the same bytes written and synced by nobody's log; then verify and query. */
export async function benchAudit(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-audit-'));
  try {
    const big = join(folder, 'big');
    await fill(big);
    const read = await reading(big);
    return [...(await appending(folder)), ...read];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function appending(folder: string): Promise<readonly Figure[]> {
  const all: Round[] = [];
  for (let n = 0; n < rounds; n++) all.push(await oneRound(join(folder, `round-${n}`)));
  const over = (of: (round: Round) => number): number => median(all.map(of));
  return [
    {
      name: 'one_caller_p50_ratio',
      value: over(({ here }) => here.oneRatio),
      target: '<= 2',
      says: 'durable append of one caller, to write and fdatasync alone',
    },
    {
      name: 'events_per_second',
      value: over(({ here }) => here.grouped),
      target: '>= 20000',
      says: 'durable appends a second, 32 callers',
    },
    {
      name: 'group_ratio_stated_disk',
      value: over(({ stated }) => stated.grouped / stated.each),
      target: '>= 8',
      says: `the same, to one sync an event, where a write and its sync take ${statedDisk} ms`,
    },
    {
      name: 'stated_disk_ms',
      value: over(({ stated }) => stated.sync),
      says: 'ms of one write and sync there, as measured',
    },
    {
      name: 'group_ratio',
      value: over(({ here }) => here.grouped / here.each),
      says: 'the same ratio on the disk of this machine',
    },
    {
      name: 'sync_p50_ms',
      value: over(({ here }) => here.sync),
      says: 'ms of one write and sync on it: the slower the disk, the more a group gains',
    },
    {
      name: 'group_ratio_most',
      value: over(({ here, unsynced }) => unsynced / here.each),
      says: 'its group ratio if syncs were free',
    },
    { name: 'append_us', value: over(({ unsynced }) => 1_000_000 / unsynced), says: 'µs an event if syncs were free' },
  ];
}

interface Round {
  readonly here: OnDisk;
  readonly stated: OnDisk;
  /** Events a second. */
  readonly unsynced: number;
}

async function oneRound(folder: string): Promise<Round> {
  // Making an event is its caller's work.
  const events = Array.from({ length: perCaller }, (_, n) => event(n));
  return {
    here: await onDisk(join(folder, 'here'), events, realFiles),
    stated: await onDisk(join(folder, 'stated'), events, slowerDisk()),
    unsynced: await manyCallers(join(folder, 'unsynced'), events, freeSyncs),
  };
}

interface OnDisk {
  readonly oneRatio: number;
  /** Milliseconds, median of a write and its sync. */
  readonly sync: number;
  /** Events a second: by one sync each, and by 32 callers. */
  readonly each: number;
  readonly grouped: number;
}

async function onDisk(folder: string, events: readonly AuditEvent[], files: FileOperations): Promise<OnDisk> {
  const { own, bare } = await oneCaller(join(folder, 'one'), events, files);
  const spent = bare.reduce((sum, each) => sum + each, 0) / 1_000;
  return {
    oneRatio: median(own) / median(bare),
    sync: median(bare),
    each: bare.length / spent,
    grouped: await manyCallers(join(folder, 'many'), events, files),
  };
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

/** The disk of this machine, which does nothing more until a write and its sync have taken as long as on the stated one. */
function slowerDisk(): FileOperations {
  let began = 0;
  const rest = (): void => {
    while (performance.now() - began < statedDisk);
  };
  return {
    ...realFiles,
    write: (file, bytes, offset) => {
      began = performance.now();
      return realFiles.write(file, bytes, offset);
    },
    sync: (file) => {
      realFiles.sync(file);
      rest();
    },
    // A sync beside other work burns the processor here, which no disk does: what it costs the log is no less than it would be.
    syncLater: async (file) => {
      await realFiles.syncLater(file);
      rest();
    },
  };
}

const open = (folder: string, files: FileOperations): Promise<OpenAuditLog> =>
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
  events: readonly AuditEvent[],
  files: FileOperations,
): Promise<{ readonly own: readonly number[]; readonly bare: readonly number[] }> {
  const log = await open(folder, files);
  const file = openSync(join(folder, 'bare'), 'ax');
  const bytes = Buffer.alloc(lineBytes, 120);
  const [own, bare]: [number[], number[]] = [[], []];
  for (const each of events) {
    const begun = performance.now();
    await log.append(each, 'waits', 1);
    const between = performance.now();
    files.write(file, bytes, 0);
    files.sync(file);
    own.push(between - begun);
    bare.push(performance.now() - between);
  }
  closeSync(file);
  await log.close();
  return { own, bare };
}

/** Events a second. */
async function manyCallers(folder: string, events: readonly AuditEvent[], files: FileOperations): Promise<number> {
  const log = await open(folder, files);
  const begun = performance.now();
  const caller = async (): Promise<void> => {
    for (const each of events) await log.append(each, 'waits', callers);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - begun) / 1_000;
  await log.close();
  return (callers * events.length) / seconds;
}

async function fill(folder: string): Promise<void> {
  const log = await open(folder, realFiles);
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
