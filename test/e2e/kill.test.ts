import { beforeAll, describe, expect, it } from 'vitest';
import type { ToolResult } from '../../src/transport/client.ts';
import { applyOf, createKillRig, type KillRig, type Life } from '../support/kill-rig.ts';

const lineOf = (type: string): string => `"type":"${type}"`;

let rig: KillRig;
beforeAll(async () => {
  rig = await createKillRig();
});

/** Calls, is approved as soon as it is held, and gives the id of the approval, if the server lived to ask for one. */
async function untilDead(life: Life, killAt: string): Promise<string | undefined> {
  const server = await life.start(killAt);
  const answer = server.apply();
  const held = await Promise.race([server.held().catch(() => undefined), answer.then(() => undefined)]);
  if (held === undefined) return undefined;
  await server.vote(held.id, 'ana@example.com', 'approve');
  expect(await answer, 'it died before it answered').toBeUndefined();
  return held.id;
}

interface After {
  readonly byId: ToolResult;
  readonly identical: ToolResult | undefined;
}

/** A new server: the agent goes on by the id, then sends the identical call without waiting for anybody. */
async function comeBack(life: Life, id: string): Promise<After> {
  const server = await life.start();
  const byId = await server.call('approval', { id });
  const identical = server.apply();
  const again = await Promise.race([server.held().catch(() => undefined), identical.then(() => undefined)]);
  if (again !== undefined) {
    expect(again.id, 'a new run needs a new approval').not.toBe(id);
    await server.call('approval', { id: again.id, action: 'withdraw' });
  }
  const answered = await identical;
  return { byId, identical: again === undefined ? answered : undefined };
}

async function checkLog(life: Life): Promise<readonly string[]> {
  const report = await life.verify();
  expect(report.faults).toEqual([]);
  return report.openIntents;
}

describe('a server that is killed before anybody could approve', () => {
  it.each([
    ['when the call has come', `before write ${lineOf('RequestReceived')}`],
    ['when it is planned', `after write ${lineOf('RequestReceived')}`],
    ['before anybody is asked', `before write ${lineOf('ApprovalRequested')}`],
    ['after the line that somebody is asked', `after write ${lineOf('ApprovalRequested')}`],
  ])('%s: nothing ran, and the call can be sent again', async (_, killAt) => {
    const life = await rig.life();
    const dead = await life.start(killAt);
    expect(await dead.apply()).toBeUndefined();
    expect(await life.exists()).toBe(false);
    const server = await life.start();
    expect(await server.approved('apply', applyOf(life.name))).toMatchObject({
      structured: { status: 'executed' },
    });
    expect(await life.arrived()).toBe(1);
    expect(await checkLog(life)).toEqual([]);
    await life.end();
  });

  it('while it waits: the identical call re-attaches to the same approval', async () => {
    const life = await rig.life();
    const dead = await life.start();
    const gone = dead.apply();
    const held = await dead.held();
    dead.signal('SIGKILL');
    expect(await gone).toBeUndefined();
    const server = await life.start();
    const answer = server.apply();
    await server.vote(held.id, 'ana@example.com', 'approve');
    expect((await answer)?.structured).toMatchObject({ status: 'executed', approval: { id: held.id } });
    expect(await life.arrived()).toBe(1);
    expect(await checkLog(life)).toEqual([]);
    await life.end();
  });

  it('after the vote, before the claim: the approval is good, and the agent goes on by its id', async () => {
    const life = await rig.life();
    const dead = await life.start();
    const gone = dead.apply();
    const held = await dead.held();
    dead.signal('SIGSTOP');
    await dead.vote(held.id, 'ana@example.com', 'approve');
    dead.signal('SIGKILL');
    expect(await gone).toBeUndefined();
    expect(await life.exists()).toBe(false);
    const { byId } = await comeBack(life, held.id);
    expect(byId.structured).toMatchObject({ status: 'executed', approval: { id: held.id } });
    expect(await life.arrived()).toBe(1);
    expect(await checkLog(life)).toEqual([]);
    await life.end();
  });
});

describe('a server that is killed after the claim', () => {
  it.each([
    ['at the link of the end', 'after link /end$'],
    ['before the line of the claim', `before write ${lineOf('ApprovalClaimed')}`],
    ['after the line of the claim', `after write ${lineOf('ApprovalClaimed')}`],
    ['before it is Authorized', `before write ${lineOf('Authorized')}`],
  ])('%s: failed, nothing ran, and a new run needs a new approval', async (_, killAt) => {
    const life = await rig.life();
    const id = (await untilDead(life, killAt)) ?? '';
    const { byId, identical } = await comeBack(life, id);
    expect(byId.structured).toMatchObject({ status: 'failed', approval: { id, state: 'failed' } });
    expect(identical).toBeUndefined();
    expect(await life.exists()).toBe(false);
    expect(await life.arrived()).toBe(0);
    expect(await checkLog(life)).toEqual([]);
    await life.end();
  });

  it.each([
    ['after it is Authorized', `after write ${lineOf('Authorized')}`, undefined, 0],
    ['while the request is on its way', '', 'before', 0],
    ['while the answer of the cluster is on its way', '', 'after', 1],
    ['before the line of the outcome', `before write ${lineOf('Executed')}`, undefined, 1],
  ] as const)('%s: unknown, and never tried again', async (_, killAt, stall, arrived) => {
    const life = await rig.life();
    const id = (await (stall === undefined ? untilDead(life, killAt) : untilStalled(life, stall))) ?? '';
    const { byId, identical } = await comeBack(life, id);
    expect(byId.structured).toMatchObject({ status: 'unknown', approval: { id, state: 'unknown' } });
    expect(identical).toBeUndefined();
    expect(await life.arrived()).toBe(arrived);
    expect(await checkLog(life)).toHaveLength(1);
    await life.end();
  });

  it.each([
    ['after the line of the outcome', `after write ${lineOf('Executed')}`],
    ['after its result is kept', 'after link /result$'],
    ['after all is written, before the answer', 'before answer "status":"executed"'],
  ])('%s: executed, and the agent that comes back is told so, once by the identical call', async (_, killAt) => {
    const life = await rig.life();
    const id = (await untilDead(life, killAt)) ?? '';
    const server = await life.start();
    const identical = await server.apply();
    expect(identical?.structured).toMatchObject({ status: 'executed', approval: { id } });
    const { byId } = await comeBack(life, id);
    expect(byId.structured).toMatchObject({ status: 'executed', approval: { id } });
    expect(await life.exists()).toBe(true);
    expect(await life.arrived()).toBe(1);
    expect(await checkLog(life)).toEqual([]);
    await life.end();
  });
});

async function untilStalled(life: Life, where: 'before' | 'after'): Promise<string> {
  const server = await life.start();
  const answer = server.apply();
  const { id } = await server.held();
  const stalled = rig.proxy.stall(where);
  await server.vote(id, 'ana@example.com', 'approve');
  await stalled;
  server.signal('SIGKILL');
  expect(await answer).toBeUndefined();
  return id;
}
