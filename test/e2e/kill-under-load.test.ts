import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import { applyOf, createKillRig, type KillRig, type Life } from '../support/kill-rig.ts';
import { randomOf } from '../support/random.ts';

const soak = process.env.COUNTERSIGN_SOAK === '1';
const points = soak ? 100 : 6;
const seed = Number(process.env.COUNTERSIGN_SEED ?? 20261122);
/** As many as one agent may have open. */
const atOnce = 5;

let rig: KillRig;
beforeAll(async () => {
  rig = await createKillRig();
});

type Server = Awaited<ReturnType<Life['start']>>;

describe('a server with five held calls', () => {
  it(`runs each at most once, loses none, and says what it knows (seed ${seed})`, {
    timeout: points * 30_000,
  }, async () => {
    const random = randomOf(seed);
    for (let point = 0; point < points; point++) {
      const where = `point ${point}, seed ${seed}`;
      if (point % 2 === 0) await round(where, (life) => killed(life, 1 + Math.floor(random() * 120)));
      else await round(where, (life) => stopped(life, Math.floor(random() * 80)));
    }
  });
});

/** Killed before some durable operation, while people vote and calls are claimed and run. */
async function killed(life: Life, at: number): Promise<readonly string[]> {
  const server = await life.start(`nth / ${at}`).catch(() => undefined);
  if (server === undefined) return [];
  const answers = applyAll(life, server);
  const ids = await heldBy(server, answers);
  await approveAll(server, ids);
  await answers;
  return ids;
}

/** Stands still for a while, and another process goes on with its approvals; then it wakes up and goes on too. */
async function stopped(life: Life, after: number): Promise<readonly string[]> {
  const server = await life.start();
  const answers = applyAll(life, server);
  const ids = await heldBy(server, answers);
  const approving = approveAll(server, ids);
  await new Promise((resolve) => setTimeout(resolve, after));
  server.signal('SIGSTOP');
  await approving;
  const other = await life.start();
  const going = Promise.all(ids.map((id) => other.call('approval', { id, timeout: 5 })));
  await going;
  server.signal('SIGCONT');
  await answers;
  return ids;
}

const namesOf = (life: Life): readonly string[] => Array.from({ length: atOnce }, (_, n) => `${life.name}-${n}`);

const applyAll = (life: Life, server: Server): Promise<unknown> =>
  Promise.all(namesOf(life).map((name) => server.call('apply', applyOf(name)).catch(() => undefined)));

/** The ids of what is held; fewer where the server died on the way. */
async function heldBy(server: Server, answers: Promise<unknown>): Promise<readonly string[]> {
  let ended = false;
  void answers.then(() => {
    ended = true;
  });
  for (;;) {
    const open = await server.open();
    if (open.length === atOnce || ended) return open.map(({ id }) => id);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const approveAll = (server: Server, ids: readonly string[]): Promise<unknown> =>
  Promise.all(ids.map((id) => server.vote(id, 'ana@example.com', 'approve')));

async function round(where: string, disturb: (life: Life) => Promise<readonly string[]>): Promise<void> {
  const life = await rig.life();
  const ids = await disturb(life);
  const server = await life.start();
  const told = new Map<string, string>();
  for (const id of ids) told.set(id, String((await server.call('approval', { id })).structured.status));
  const arrived = new Map<string, number>();
  for (const name of namesOf(life)) arrived.set(name, await life.arrived(name));
  const lines = await server.audit();
  for (const [name, times] of arrived) expect(times, `${name}, ${where}`).toBeLessThanOrEqual(1);
  for (const id of ids) agrees(id, String(told.get(id)), lines, arrived, where);
  expect((await life.verify()).faults, where).toEqual([]);
  await life.end();
}

/** What an approved call's agent is told, what the API server saw, and what the log says, are one story. */
function agrees(
  id: string,
  status: string,
  lines: readonly JsonObject[],
  arrived: ReadonlyMap<string, number>,
  where: string,
): void {
  const story = lines.filter(({ approval }) => approval === id);
  const [object] = (story.find(({ type }) => type === 'ApprovalRequested')?.objects ?? []) as readonly string[];
  const times = arrived.get(object?.split('/').at(-1) ?? '');
  const said = `${id} is ${status}, the API server saw ${times}, ${where}`;
  expect(['executed', 'failed', 'unknown'], said).toContain(status);
  if (status === 'executed') expect(times, said).toBe(1);
  if (status === 'failed') expect(times, said).toBe(0);
  const authorized = story.filter(({ type }) => type === 'Authorized').length;
  expect(authorized, said).toBeGreaterThanOrEqual(times ?? 0);
  expect(authorized, said).toBeLessThanOrEqual(1);
  const ends = story.filter(
    ({ type, replayed }) => ['Executed', 'Failed', 'Unknown'].includes(String(type)) && !replayed,
  );
  const closed = story.filter(({ type }) => type === 'ApprovalClosed').map(({ state }) => state);
  expect([...ends.map(({ type }) => String(type).toLowerCase()), ...closed], said).toContain(status);
}
