import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ident } from '../../../src/domain/masked.ts';
import { seal } from '../../../src/domain/seal.ts';
import { event, opened, temporaryFolder } from '../audit/support.ts';
import { run } from './harness.ts';

const begun = Date.UTC(2026, 10, 21, 9);
const call = '01JD6Q8Z00000000000000WEB1';

/** A log with one approved change and one refused call, an hour apart. */
async function logged() {
  const state = temporaryFolder();
  let now = begun;
  const audit = await opened({ folder: join(state, 'audit'), clock: { now: () => now } });
  const about = { tool: 'apply', principal: 'deploy-bot', cluster: 'prod' };
  await audit.append(event('RequestReceived', call, { ...about, client: 'claude-code' }));
  const comment = '=HYPERLINK("https://evil.example","ok, fine")\u001b[2J';
  await audit.append({
    ...event('ApprovalVoted', call, {}),
    fields: {
      ...{ approval: ident('cs-7f3k2m'), approver: ident('ana@example.com'), decision: ident('approve'), n: 1 },
      ...{ comment: seal(comment), objects: [ident('Deployment/shop/web'), ident('Service/shop/web')] },
    },
  });
  await audit.append(event('Authorized', call, { ...about, verdict: 'allow' }));
  await audit.append(event('Executed', call, { ...about, auditIds: 3, status: 'executed' }));
  now += 3_600_000;
  await audit.append(
    event('Refused', '01JD6Q8Z00000000000000DB02', { ...about, code: 'Denied', message: 'no', auditIds: 0 }),
  );
  await audit.close();
  const env = { COUNTERSIGN_STATE: state };
  return { state, env, query: async (...args: readonly string[]) => (await run(['audit', 'query', ...args], env)).out };
}

const rows = (text: string): readonly string[] => text.trimEnd().split('\n');

describe('countersign audit query', () => {
  it('writes CSV that a spreadsheet takes, and nothing in it for a formula', async () => {
    const { query } = await logged();
    const [head, vote, ...more] = rows(await query('--approver', 'ana@example.com', '--format', 'csv'));
    expect(more).toEqual([]);
    expect(head).toBe(
      'time,type,invocation,principal,actingFor,cluster,tool,objects,approval,approver,decision,status,code,rule,comment',
    );
    expect(vote).toBe(
      `2026-11-21T09:00:00.000Z,ApprovalVoted,${call},,,,,Deployment/shop/web Service/shop/web,cs-7f3k2m,ana@example.com,approve,,,,` +
        String.raw`"'=HYPERLINK(""https://evil.example"",""ok, fine"")\u001b[2J"`,
    );
  });

  it('prints a table whose columns stand one below the other', async () => {
    const { query } = await logged();
    const [head = '', ...lines] = rows(await query('--invocation', call, '--format', 'table'));
    expect(lines.map((line) => line.slice(head.indexOf('type'), head.indexOf('invocation')).trim())).toEqual([
      'RequestReceived',
      'ApprovalVoted',
      'Authorized',
      'Executed',
    ]);
    for (const line of lines) expect(line.slice(head.indexOf('invocation')).startsWith(call)).toBe(true);
    expect(lines.join('\n')).not.toContain('\u001b');
  });

  it('takes what was before a time, and says what is no time', async () => {
    const { query, env } = await logged();
    expect(await query('--outcome', 'denied', '--until', '2026-11-21T09:30:00Z')).toBe('');
    expect(await query('--outcome', 'denied', '--since', '2026-11-21T09:30:00Z')).toContain('Refused');
    const wrong = await run(['audit', 'query', '--since', 'yesterday'], env);
    expect(wrong.code).not.toBe(0);
    expect(wrong.err).toContain('"yesterday" is not a time');
  });
});

it('countersign audit show tells the story of one call, for people and for programs', async () => {
  const { env } = await logged();
  const { code, out } = await run(['audit', 'show', call.slice(-8)], env);
  expect(code).toBe(0);
  expect(out).toContain('deploy-bot');
  expect(out).not.toContain('\u001b');
  const story = JSON.parse((await run(['audit', 'show', call, '--json'], env)).out);
  expect(JSON.stringify(story)).toContain('"Executed"');
});

it('countersign audit export makes a folder of its own, and never writes over one', async () => {
  const { state, env } = await logged();
  const out = join(temporaryFolder(), 'for-the-auditor');
  mkdirSync(join(state, 'recordings'));
  writeFileSync(join(state, 'recordings', `rec-${'0'.repeat(26)}.jsonl`), 'a recording\n');
  const first = await run(['audit', 'export', out, '--no-recordings'], env);
  expect(first.code, first.err).toBe(0);
  expect(existsSync(join(out, 'README.md'))).toBe(true);
  expect(existsSync(join(out, 'recordings'))).toBe(false);
  const again = await run(['audit', 'export', out], env);
  expect(again.code).not.toBe(0);
  expect(again.err).toContain(out);
});

it('countersign audit verify takes an archived part alone only where it is told that it is one', async () => {
  const { state, env } = await logged();
  const later = await opened({ folder: join(state, 'audit') });
  await later.append(event('Planned', 'later'));
  await later.close();
  const [first = ''] = readdirSync(join(state, 'audit')).sort();
  const archive = temporaryFolder();
  renameSync(join(state, 'audit', first), join(archive, first));
  const rest = await run(['audit', 'verify'], env);
  expect(rest.code).toBe(1);
  expect(rest.out).toContain(first);
  const part = await run(['audit', 'verify', join(state, 'audit'), '--part'], env);
  expect(part.code, part.out).toBe(0);
  expect(part.out).toContain(first);
  expect((await run(['audit', 'verify', join(state, 'audit'), archive], env)).code).toBe(0);
});
