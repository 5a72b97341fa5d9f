import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Composition } from '../src/composition.ts';
import { configMap, makeRoot, now, openServer, openWire, removeRoot, voter, type Wire } from './approvals-rig.ts';
import { storedFigures } from './approvals-stored.ts';
import { type Figure, percentile } from './figures.ts';

export { voteElsewhere } from './approvals-voter.ts';

/** COUNTERSIGN_BENCH_HELD makes it smaller, to look at the bench itself: then its figures are of no other use. */
const held = Number(process.env.COUNTERSIGN_BENCH_HELD ?? 2_000);
/** Held before it is measured, and on: until the compilers have done most of their work. */
const warm = 100;
const perPrincipal = 5;
const votes = Math.min(200, Math.floor(held / 4));
/** Milliseconds: three notes for each held call. */
const watchFor = 30_000;

type Answer = Awaited<ReturnType<Wire['call']>>;
interface Held {
  readonly id: string;
  readonly answer: Promise<Answer>;
}

export async function benchApprovals(): Promise<readonly Figure[]> {
  return [...(await heldFigures()), ...(await storedFigures())];
}

const numbered = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${name}-${n}`);

async function heldFigures(): Promise<readonly Figure[]> {
  const root = await makeRoot();
  const server = await openServer(root, true);
  const wire = openWire(server, Math.ceil((held + warm) / perPrincipal));
  try {
    // Compiles and caches what every call uses, so that it does not count as memory of the held ones.
    const [first] = await holdAll(server, wire, numbered('warm', warm));
    if (first !== undefined) await voteHere(server, first);
    const before = memory();
    const all = await holdAll(server, wire, numbered('held', held));
    const kilobytes = (memory() - before) / held / 1_024;
    const share = await shareOfCore();
    const here: number[] = [];
    for (const each of all.slice(0, votes)) here.push(await voteHere(server, each));
    const there = await votesThere(root, all.slice(votes, 2 * votes));
    const ms = (name: string, values: readonly number[], says: string): readonly Figure[] => [
      { name: `${name}_p50`, value: percentile(values, 0.5), says: 'ms' },
      { name: `${name}_p99`, value: percentile(values, 0.99), target: '<= 100', says },
    ];
    return [
      { name: 'held_kb', value: kilobytes, target: '<= 10', says: `kB of heap and buffers each, ${held} calls held` },
      { name: 'held_core', value: share, target: '<= 0.1', says: 'of a core while all wait, a note each every 10 s' },
      ...ms('vote_here', here, 'ms from the vote to the answer on the wire, all the others still held'),
      ...ms('vote_there', there, 'ms, the vote in another process'),
    ];
  } finally {
    const detached = wire.calls.detach();
    await detached;
    await server.close();
    await removeRoot(root);
  }
}

/** Resolves when each of these calls is held, and told so. */
async function holdAll(server: Composition, wire: Wire, names: readonly string[]): Promise<readonly Held[]> {
  const answers = new Map<string, Promise<Answer>>();
  for (const [index, name] of names.entries()) {
    answers.set(`ConfigMap/shop/${name}`, wire.call('apply', configMap(name)));
    // Not all at once: it is the holding that is measured.
    while (index + 1 - wire.held() > 20) await delay(5);
  }
  while (wire.held() < names.length) await delay(20);
  wire.forget();
  const open = await server.approvals.list({ open: true });
  return open.flatMap(({ id, objects }) => {
    const answer = answers.get(String(objects[0]));
    return answer === undefined ? [] : [{ id, answer }];
  });
}

async function voteHere({ people, approvals }: Composition, { id, answer }: Held): Promise<number> {
  const person = people.byId(voter);
  if (person === undefined) throw new Error('nobody votes');
  const began = now();
  await approvals.vote(id, { person, decision: 'approve', comment: undefined, channel: 'terminal' });
  return executedAt(await answer) - began;
}

function executedAt({ at, line }: Answer): number {
  if (!line.includes('"isError":true')) return at;
  throw new Error(`an approved call was not executed: ${line.slice(0, 500)}`);
}

async function votesThere(root: string, all: readonly Held[]): Promise<readonly number[]> {
  // This file is bundled: it is the other process too.
  const script = `(await import(${JSON.stringify(import.meta.url)})).voteElsewhere(${JSON.stringify(root)})`;
  const args = ['--input-type=module', '-e', script];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const took: number[] = [];
  for (const { id, answer } of all) {
    child.stdin.write(`${id}\n`);
    const began = Number((await lines.next()).value);
    took.push(executedAt(await answer) - began);
  }
  child.stdin.end();
  return took;
}

async function shareOfCore(): Promise<number> {
  const [cpu, began] = [process.cpuUsage(), now()];
  await delay(watchFor);
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1_000 / (now() - began);
}

/** Bytes that stay: of the heap, and outside of it. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
