import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAuditLog } from '../../../src/audit/log.ts';
import { createAuditReader } from '../../../src/audit/reader.ts';
import { verify } from '../../../src/audit/verify/verify.ts';
import { tellLostCalls } from '../../../src/compose/lost-calls.ts';
import type { AuditEvent } from '../../../src/domain/audit-event.ts';
import type { State } from '../../../src/domain/state.ts';
import { openState } from '../../../src/state/state.ts';
import { tools } from '../../../tools/index.ts';
import { checkAuditLines } from '../../support/audit-lines.ts';
import { event, keptLog, linesIn, random, realClock, temporaryFolder } from './support.ts';

const signal = new AbortController().signal;
let root: string;
let state: State;
beforeEach(async () => {
  root = temporaryFolder();
  state = await openState({ root, clock: realClock, random, log: keptLog() });
});
afterEach(() => state.close());

const dead = 'gone-1';
const folder = () => join(root, 'audit');
const chainOf = (process: string) =>
  openAuditLog({ folder: folder(), process, clock: realClock, random, log: keptLog() });

async function wrote(process: string, ...events: readonly AuditEvent[]): Promise<void> {
  const log = await chainOf(process);
  for (const each of events) await log.append(each);
  await log.close();
}

async function told(): Promise<readonly object[]> {
  const audit = await chainOf(state.process);
  const before = linesIn(folder()).length;
  await tellLostCalls({ audit, auditFolder: folder(), state, tools, log: keptLog() }, signal);
  await audit.close();
  return linesIn(folder()).slice(before);
}

const of = (type: AuditEvent['type'], invocation: string, tool: string, more = {}): AuditEvent =>
  event(type, invocation, { tool, principal: 'bot', cluster: 'prod', ...more });
const begun = (invocation: string, tool: string) => of('RequestReceived', invocation, tool, { client: 'claude-code' });
const authorized = (invocation: string, tool: string) =>
  of('Authorized', invocation, tool, { verdict: 'allow', needs: 0 });

it('writes an end for every call that a dead process left without one, once', async () => {
  await wrote(
    dead,
    ...[begun('applied', 'apply'), authorized('applied', 'apply')],
    ...[begun('planned', 'scale'), begun('read', 'get'), begun('waited', 'approval')],
    ...[begun('done', 'get'), of('Executed', 'done', 'get', { auditIds: 1 })],
    ...[begun('refused', 'apply'), of('Refused', 'refused', 'apply', { code: 'Denied', message: 'no', auditIds: 0 })],
  );
  expect(await told()).toMatchObject([
    { type: 'Reconciled', invocation: 'applied', state: 'unknown', tool: 'apply', principal: 'bot', cluster: 'prod' },
    { type: 'Reconciled', invocation: 'planned', state: 'failed', comment: expect.stringContaining('changed nothing') },
    { type: 'Reconciled', invocation: 'read', state: 'unknown', comment: expect.stringContaining('this read') },
    { type: 'Reconciled', invocation: 'waited', state: 'failed' },
  ]);
  expect(await told()).toEqual([]);
  checkAuditLines(folder());
});

it('forgets whom it looked after when their files are archived', async () => {
  await wrote(dead, begun('read', 'get'));
  await wrote('gone-2', begun('other', 'get'));
  await told();
  const marks = (): readonly string[] => readdirSync(join(root, 'lost-calls')).sort();
  expect(marks()).toEqual([dead, 'gone-2']);
  const isOfDead = (name: string) => readFileSync(join(folder(), name), 'utf8').includes(`"process":"${dead}"`);
  for (const name of readdirSync(folder()).filter(isOfDead)) rmSync(join(folder(), name));
  expect(await told()).toEqual([]);
  expect(marks()).toEqual(['gone-2']);
});

it('leaves a run open that nobody knows the outcome of, until somebody says', async () => {
  await wrote(dead, begun('applied', 'apply'), authorized('applied', 'apply'));
  await told();
  expect((await verify(folder())).openIntents).toEqual(['applied']);
  const reader = createAuditReader({ folder: folder(), log: keptLog() });
  expect(await reader.openIntents()).toEqual([{ invocation: 'applied', approval: undefined }]);
  await wrote('other', of('Reconciled', 'applied', 'apply', { state: 'executed', by: 'ana@example.com' }));
  expect((await verify(folder())).openIntents).toEqual([]);
  expect(await reader.openIntents()).toEqual([]);
});

it('takes an outcome that stands in another file of the same process, also where neither is known to be the later one', async () => {
  await wrote(dead, begun('long', 'get'));
  await wrote(dead, of('Executed', 'long', 'get', { auditIds: 1 }));
  await wrote(dead, of('Executed', 'other', 'get', { auditIds: 1 }));
  await wrote(dead, begun('other', 'get'));
  expect(await told()).toEqual([]);
});

it('says nothing of a process that lives, or that stopped in order', async () => {
  await wrote(state.process, begun('mine', 'get'));
  await wrote(
    'stopped',
    begun('cut', 'get'),
    event('Stopped', ''),
    event('Checkpoint', '', { note: 'x'.repeat(60_000) }),
  );
  expect(await told()).toEqual([]);
});

it('is not led astray by words within a value', async () => {
  const lie = { message: '"type":"Stopped","invocation":""', code: 'Denied', auditIds: 0 };
  await wrote(dead, begun('open', 'get'), begun('refused', 'get'), of('Refused', 'refused', 'get', lie));
  expect(await told()).toMatchObject([{ invocation: 'open' }]);
});
