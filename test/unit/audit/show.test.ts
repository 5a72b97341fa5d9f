import { describe, expect, it } from 'vitest';
import { timeline } from '../../../src/audit/timeline.ts';
import { wholeStory } from '../../../src/audit/whole-story.ts';
import { event, opened, temporaryFolder } from './support.ts';

const call = '01JD6Q8Z00000000000000WEB1';
const resumed = '01JD6Q9A00000000000000WEB2';
const other = '01JD6Q9B00000000000000API1';
const plan = `sha256:${'a'.repeat(64)}`;
const who = { tool: 'apply', principal: 'deploy-bot', actingFor: 'li@example.com', cluster: 'shop-prod' };

/** A held call in one chain, its vote in another process's, and somebody else's call between. */
async function logged(): Promise<string> {
  const folder = temporaryFolder();
  let now = Date.parse('2026-11-21T09:14:00.000Z');
  const clock = { now: () => now };
  const server = await opened({ folder, clock });
  const person = await opened({ folder, clock });
  await server.append(event('RequestReceived', call, { ...who, client: 'claude-code' }));
  now += 40;
  await server.append(event('Decided', call, { ...who, verdict: 'review', rule: 'prod-mutations', planDigest: plan }));
  await server.append(
    event('ApprovalRequested', call, { ...who, approval: 'cs-7f3k2m', need: 1, reason: 'fix\u001b[31m the image' }),
  );
  await server.append(event('RequestReceived', other, { tool: 'get', principal: 'deploy-bot' }));
  now += 62_000;
  await person.append(
    event('ApprovalVoted', call, {
      approval: 'cs-7f3k2m',
      approver: 'ana@example.com',
      decision: 'approve',
      channel: 'slack',
    }),
  );
  now += 5;
  await server.append(event('RequestReceived', resumed, { tool: 'approval', principal: 'deploy-bot' }));
  await server.append(event('ApprovalClaimed', resumed, { ...who, approval: 'cs-7f3k2m', have: 1, need: 1 }));
  await server.append(event('Executed', resumed, { ...who, approval: 'cs-7f3k2m', status: 'executed', auditIds: 3 }));
  return folder;
}

describe('the story of one call', () => {
  it.each([call, call.slice(-8), 'cs-7f3k2m'])(
    'has the lines of all processes by time, asked for by %s',
    async (id) => {
      const story = await wholeStory(await logged(), id);
      expect(story.map(({ type }) => type)).toEqual(
        expect.arrayContaining([
          'RequestReceived',
          'Decided',
          'ApprovalRequested',
          'ApprovalVoted',
          'ApprovalClaimed',
          'Executed',
        ]),
      );
      expect(story.map(({ invocation }) => invocation)).not.toContain(other);
      expect(story.map(({ time }) => time)).toEqual(story.map(({ time }) => time).toSorted());
    },
  );

  it('says for people who asked for what, who decided it, and when', async () => {
    const lines = timeline(await wholeStory(await logged(), 'cs-7f3k2m'));
    expect(lines).toEqual([
      `call       ${call}`,
      'begun      2026-11-21T09:14:00.000Z',
      'who        deploy-bot, for li@example.com',
      'what       apply',
      'where      shop-prod',
      'reason     fix\\\\u{1b}[31m the image',
      'approval   cs-7f3k2m',
      `plan       ${plan}`,
      '',
      '   +0.000s  RequestReceived    from claude-code',
      '   +0.040s  Decided            review, by rule prod-mutations',
      '   +0.040s  ApprovalRequested  0 of 1, "fix\\\\u{1b}[31m the image"',
      '+1m02.040s  ApprovalVoted      ana@example.com says approve, in slack',
      '+1m02.045s  RequestReceived',
      '+1m02.045s  ApprovalClaimed    1 of 1',
      '+1m02.045s  Executed           executed, 3 requests to the API server',
    ]);
  });

  it('refuses what is no id, what nobody has, and what several calls have', async () => {
    const folder = await logged();
    await expect(wholeStory(folder, '../x')).rejects.toMatchObject({ code: 'Invalid' });
    await expect(wholeStory(folder, 'cs-aaaaaa')).rejects.toThrow('nothing in the audit log has the id cs-aaaaaa');
    const twin = await opened({ folder });
    await twin.append(event('RequestReceived', `01JD6Q8Y00000000000000WEB1`, who));
    await expect(wholeStory(folder, '000000WEB1')).rejects.toThrow(`2 calls end in 000000WEB1: ${call}`);
  });
});
