import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/domain/json.ts';
import { ident } from '../../../../src/domain/masked.ts';
import { createOpenRuns } from '../../../../src/state/open-runs.ts';
import { openState } from '../../../../src/state/state.ts';
import { realRandom, silent } from '../../../support/approvals.ts';
import { filesWith } from '../../../support/at-rest.ts';
import { configMap } from '../../../support/gate.ts';
import { createLostAnswers, type LostAnswers } from '../../../support/lost-answers.ts';

const rules = `
rules:
  - { name: all-flows, description: Nobody is asked here., match: { verbs: ['*'] }, effect: allow }
`;

let rig: LostAnswers;
beforeEach(async () => {
  rig = await createLostAnswers({ rules });
});
afterEach(() => rig.close());

const apply = (name: string, value = '1') => ({ manifest: configMap(name, value), reason: 'to be lost' });
const kept = (): readonly string[] => readdirSync(join(rig.root, 'state', 'runs'));
/** The line of this type as the log has it. */
function onDisk(type: string): string | undefined {
  const folder = join(rig.root, 'audit');
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'));
  return lines.find((line) => line.includes(`"type":"${type}"`));
}
const authorized = { tool: ident('apply'), principal: ident('agent'), verdict: ident('allow') };
const reconciled = () => rig.events.filter(({ type }) => type === 'Reconciled');

it('finds out what became of a run that nobody was asked about, and says so in the log', async () => {
  const invocation = await rig.loseUnasked('after', 'apply', apply('a'));
  expect(kept()).toEqual([`${rig.process}.${invocation}.lost`]);
  const before = rig.events.length;
  await rig.findOut(89_000);
  expect(rig.events.slice(before), 'the API server may still be at it').toEqual([]);
  await rig.findOut(1_000);
  await rig.findOut();
  const [read, line, ...more] = rig.events.slice(before);
  expect(more).toEqual([]);
  expect(read).toMatchObject({ type: 'OutcomeRead', fields: { of: invocation, objects: ['ConfigMap/shop/a'] } });
  expect(line).toMatchObject({
    type: 'Reconciled',
    invocation,
    fields: { tool: 'apply', state: 'executed', by: rig.process, objects: ['ConfigMap/shop/a'] },
  });
  expect(onDisk('Reconciled')).toContain('ConfigMap shop/a holds what was sent, by field manager countersign.');
  expect(kept()).toEqual([]);
  expect((await rig.verify()).faults).toEqual([]);
});

it('finds out that it was not done', async () => {
  expect(await rig.call('apply', apply('a'))).toMatchObject({ status: 'executed' });
  expect(kept(), 'of a known outcome nothing is kept').toEqual([]);
  rig.clock.step(3_600_000);
  const invocation = await rig.loseUnasked('before', 'apply', apply('a', '2'));
  await rig.findOut();
  expect(reconciled()).toMatchObject([{ invocation, fields: { state: 'failed' } }]);
});

it('does not take the same change by another run for this one, asked or not', async () => {
  await rig.call('apply', apply('a'));
  rig.clock.step(3_600_000);
  await rig.loseUnasked('before', 'apply', apply('a', '2'));
  expect((await rig.call('apply', apply('a', '2'))).status).toBe('executed');
  await rig.findOut();
  expect(reconciled()).toEqual([]);
  expect(rig.types()).toContain('OutcomeRead');
  expect(kept(), 'it is looked at once').toEqual([]);
});

it('is tried again where nothing can be read', async () => {
  const invocation = await rig.loseUnasked('after', 'apply', apply('a'));
  rig.down = true;
  await rig.findOut();
  expect(kept()).toHaveLength(1);
  rig.down = false;
  await rig.findOut(31_000);
  expect(reconciled()).toMatchObject([{ invocation, fields: { state: 'executed' } }]);
});

it('closes what a dead process was authorized to do, and forgets what it was not', async () => {
  const state = await openState({
    ...{ root: join(rig.root, 'state'), clock: rig.clock, random: realRandom, log: silent },
  });
  const theirs = createOpenRuns(state, rig.clock);
  const invocation = await rig.loseUnasked('after', 'apply', apply('a'));
  // Long after, so that the call that was lost here is no other run of that time.
  rig.clock.step(3_600_000);
  const [run] = await rig.ports.runs.due();
  if (run === undefined) throw new Error('nothing was kept');
  await rig.ports.runs.end(invocation, 'known');
  const sent = { ...(run.sent as JsonObject), time: rig.clock.now() };
  await theirs.begin({ ...run, sent, invocation: 'AUTHORIZED' });
  await theirs.begin({ ...run, sent, invocation: 'NEVER' });
  await rig.ports.audit.append({ type: 'Authorized', invocation: 'AUTHORIZED', fields: authorized });
  await rig.findOut();
  expect(reconciled(), 'its process lives').toEqual([]);
  await state.close();
  await rig.findOut();
  await rig.findOut();
  expect(reconciled()).toMatchObject([{ invocation: 'AUTHORIZED', fields: { state: 'executed' } }]);
  expect(await rig.auditReader.openIntents()).toEqual([]);
  expect(kept()).toEqual([]);
});

it('keeps no value of a Secret in the clear', async () => {
  const manifest =
    'apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: shop }\nstringData: { password: hunter2-hunter2 }\n';
  await rig.loseUnasked('after', 'apply', { manifest, reason: 'a secret' });
  expect(kept()).toHaveLength(1);
  expect((await filesWith(rig.root, 'hunter2-hunter2')).found).toEqual([]);
  await rig.findOut();
  expect(reconciled()).toMatchObject([{ fields: { state: 'executed' } }]);
  const { looked, found } = await filesWith(rig.root, 'hunter2-hunter2');
  expect([looked > 3, found]).toEqual([true, []]);
});
