import { beforeAll, describe, expect, it } from 'vitest';
import { applyOf, createKillRig, type KillRig } from '../support/kill-rig.ts';
import { randomOf } from '../support/random.ts';

const soak = process.env.COUNTERSIGN_SOAK === '1';
const times = soak ? 300 : 8;
const seed = Number(process.env.COUNTERSIGN_SEED ?? 20261121);

let rig: KillRig;
beforeAll(async () => {
  rig = await createKillRig();
});

describe('a server that is killed at any durable operation of a held apply', () => {
  it(`runs it at most once, and says what it knows (seed ${seed})`, { timeout: times * 20_000 }, async () => {
    const random = randomOf(seed);
    for (let round = 0; round < times; round++) {
      // A whole life, from the start of the server to its answer, has some fifty of them.
      const at = 1 + Math.floor(random() * 50);
      await killedAt(at);
    }
  });

  async function killedAt(at: number): Promise<void> {
    const where = `killed before durable operation ${at}, seed ${seed}`;
    const life = await rig.life();
    const dead = await life.start(`nth / ${at}`).catch(() => undefined);
    const answer = dead?.apply();
    const held = dead && (await Promise.race([dead.held().catch(() => undefined), answer?.then(() => undefined)]));
    if (held !== undefined) await dead?.vote(held.id, 'ana@example.com', 'approve');
    const first = await answer;
    const server = await life.start();
    const before = await life.arrived();
    const back = held && (await server.call('approval', { id: held.id }));
    const told = first ?? back;
    const status = told?.structured.status;
    const arrived = await life.arrived();
    expect(arrived, where).toBeLessThanOrEqual(1);
    if (status === 'executed') expect(arrived, where).toBe(1);
    if (status === 'failed') expect(arrived, where).toBe(0);
    if (before === 1 && first === undefined) expect(['executed', 'unknown'], where).toContain(status);
    if (held === undefined) {
      expect(arrived, where).toBe(0);
      expect((await server.approved('apply', applyOf(life.name))).structured, where).toMatchObject({
        status: 'executed',
      });
    }
    const lines = await server.audit();
    const authorized = lines.filter(({ type }) => type === 'Authorized');
    expect(authorized.length, where).toBeGreaterThanOrEqual(arrived);
    const { faults } = await life.verify();
    expect(faults, where).toEqual([]);
    await life.end();
  }
});
