import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { configMap, createGateRig, type GateRig } from '../../support/gate.ts';

let rig: GateRig;
beforeEach(async () => {
  rig = await createGateRig();
});
afterEach(() => rig.close());

it('tells the log how many calls are at work: not those that people are waited for', async () => {
  const append = vi.spyOn(rig.ports.audit, 'append');
  /** Of the lines since it was asked last. */
  const told = () => append.mock.calls.splice(0).map(([{ type }, , atWork]) => [type, atWork]);
  const read = () => rig.call('get', { resource: 'pods', namespace: 'shop' });
  await read();
  expect(told()).toEqual([['RequestReceived', 1]]);

  const { approval, answer } = await rig.hold('apply', { manifest: configMap('a'), reason: 'why' });
  told();
  await read();
  expect(told()).toEqual([['RequestReceived', 1]]);
  await Promise.all([read(), read()]);
  expect(told()).toEqual([
    ['RequestReceived', 1],
    ['RequestReceived', 2],
  ]);

  await rig.vote(approval.id);
  expect((await answer).status).toBe('executed');
  expect(told()).toContainEqual(['Authorized', 1]);
});
