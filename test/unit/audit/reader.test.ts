import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAuditReader } from '../../../src/audit/reader.ts';
import { event, keptLog, opened, temporaryFolder } from './support.ts';

const vote = (approver: string, n: number, decision = 'approve') =>
  event(decision === 'undo' ? 'VoteWithdrawn' : 'ApprovalVoted', 'i', {
    approval: 'cs-1',
    approver,
    n,
    decision,
    planDigest: 'sha256:p',
  });

it('reads the votes of all chains, also what another process wrote just now', async () => {
  const folder = temporaryFolder();
  const [one, two] = [await opened({ folder }), await opened({ folder })];
  const reader = createAuditReader({ folder, log: keptLog() });
  expect(await reader.votes('cs-1')).toEqual([]);
  await one.append(vote('ana', 1));
  await two.append(vote('ben', 1, 'deny'));
  await two.append(
    event('ApprovalVoted', 'i', { approval: 'cs-2', approver: 'x', n: 1, decision: 'approve', planDigest: 'q' }),
  );
  const votes = await reader.votes('cs-1');
  expect(votes.map(({ person, decision }) => `${person} ${decision}`).sort()).toEqual(['ana approve', 'ben deny']);
  await one.append(vote('ana', 2, 'undo'));
  expect(await Promise.all([reader.votes('cs-1'), reader.votes('cs-1')])).toEqual([
    expect.objectContaining({ length: 3 }),
    expect.objectContaining({ length: 3 }),
  ]);
  expect((await reader.votes('cs-1')).find(({ n }) => n === 2)).toEqual({
    approval: 'cs-1',
    person: 'ana',
    decision: 'undo',
    n: 2,
    planDigest: 'sha256:p',
  });
});

it('names intents without an outcome, in whichever chain the outcome is', async () => {
  const folder = temporaryFolder();
  const [one, two] = [await opened({ folder }), await opened({ folder })];
  const reader = createAuditReader({ folder, log: keptLog() });
  for (const [index, invocation] of ['ran', 'failed', 'lost', 'reconciled', 'open'].entries())
    await (index % 2 ? one : two).append(event('Authorized', invocation, { approval: `cs-${index}` }));
  await one.append(event('Executed', 'ran'));
  await one.append(event('Failed', 'failed'));
  await two.append(event('Unknown', 'lost'));
  await one.append(event('Reconciled', 'reconciled'));
  await two.append(event('Executed', 'read', { dryRun: true }));
  expect(await reader.openIntents()).toEqual([{ invocation: 'open', approval: 'cs-4' }]);
  await two.append(event('Executed', 'open'));
  expect(await reader.openIntents()).toEqual([]);
});

it('believes nothing of a chain with a broken link, and says where', async () => {
  const folder = temporaryFolder();
  const audit = await opened({ folder });
  await audit.append(vote('ana', 1));
  await audit.append(vote('ben', 1));
  await audit.close();
  const path = join(folder, audit.file);
  const good = readFileSync(path, 'utf8');
  writeFileSync(path, good.replace('"ana"', '"eve"'));
  const reader = createAuditReader({ folder, log: keptLog() });
  await expect(reader.votes('cs-1')).rejects.toMatchObject({
    code: 'AuditUnavailable',
    message: expect.stringContaining(`${audit.file} line 2`),
  });
  writeFileSync(path, good);
  expect(await reader.votes('cs-1')).toHaveLength(2);
});

it('waits for the rest of a line, and follows a chain that took lines back', async () => {
  const folder = temporaryFolder();
  const audit = await opened({ folder });
  await audit.append(vote('ana', 1));
  const path = join(folder, audit.file);
  const short = readFileSync(path);
  await audit.append(vote('ben', 1));
  await audit.close();
  const long = readFileSync(path);
  const reader = createAuditReader({ folder, log: keptLog() });
  writeFileSync(path, long.subarray(0, short.length + 40));
  expect(await reader.votes('cs-1')).toHaveLength(1);
  appendFileSync(path, long.subarray(short.length + 40));
  expect(await reader.votes('cs-1')).toHaveLength(2);
  writeFileSync(path, short);
  expect(await reader.votes('cs-1')).toHaveLength(1);
});

it('refuses a vote that cannot be read, for it may be a deny', async () => {
  const folder = temporaryFolder();
  const audit = await opened({ folder });
  await audit.append(event('ApprovalVoted', 'i', { approval: 'cs-1', decision: 'deny' }));
  const reader = createAuditReader({ folder, log: keptLog() });
  await expect(reader.votes('cs-1')).rejects.toMatchObject({ code: 'AuditUnavailable' });
});
