import { expect, it } from 'vitest';
import { verify } from '../../../src/audit/verify/verify.ts';
import type { AuditEvent } from '../../../src/domain/audit-event.ts';
import { ident } from '../../../src/domain/masked.ts';
import { event, opened, temporaryFolder } from './support.ts';

const review = { approval: 'cs-1', planDigest: 'sha256:p' };
const good = {
  decided: event('Decided', 'i', { verdict: 'review' }),
  requested: event('ApprovalRequested', 'i', { ...review, need: 2 }),
  ana: event('ApprovalVoted', 'i', { ...review, approver: 'ana', n: 1, decision: 'approve' }),
  ben: event('ApprovalVoted', 'i', { ...review, approver: 'ben', n: 1, decision: 'approve' }),
  claimed: event('ApprovalClaimed', 'i', review),
  authorized: event('Authorized', 'i', { ...review, verdict: 'review', needs: 2 }),
  executed: event('Executed', 'i', { ...review, auditIds: 3 }),
};
const without = (...left: readonly (keyof typeof good)[]): readonly AuditEvent[] =>
  Object.entries(good).flatMap(([name, each]) => (left.some((one) => one === name) ? [] : [each]));

const glass = (allowed: boolean): readonly AuditEvent[] => [
  {
    ...good.requested,
    fields: { ...good.requested.fields, ...(allowed ? { breakGlassGroups: [ident('oncall')] } : {}) },
  },
  { ...good.ana, fields: { ...good.ana.fields, breakGlass: true } },
  ...without('requested', 'ana', 'ben'),
];

/** Votes come from another process than the rest. */
async function storyOf(events: readonly AuditEvent[]) {
  const folder = temporaryFolder();
  const [votes, rest] = [await opened({ folder }), await opened({ folder })];
  const another = new Set(['ApprovalVoted', 'Reconciled']);
  for (const each of events) await (another.has(each.type) ? votes : rest).append(each);
  return verify(folder);
}

it.each<[string, readonly AuditEvent[], string | undefined]>([
  ['the whole story', without(), undefined],
  ['a dry-run', [event('Executed', 'd', { dryRun: true, planDigest: 'x' })], undefined],
  [
    'a look at approvals',
    [event('Answered', 'd', { tool: 'approval', approval: 'cs-1', planDigest: 'sha256:1', status: 'ok' })],
    undefined,
  ],
  ['no Authorized', without('authorized'), 'without an Authorized line'],
  ['a second run', [...without(), good.executed], 'without an Authorized line'],
  ['one vote of two', without('ben'), 'has 1 of the 2 people'],
  [
    'one person twice',
    [...without('ben'), { ...good.ana, fields: { ...good.ana.fields, n: 2 } }],
    'has 1 of the 2 people',
  ],
  [
    'an undone vote',
    [...without(), event('VoteWithdrawn', 'i', { ...review, approver: 'ana', n: 2, decision: 'undo' })],
    'has 1 of the 2 people',
  ],
  [
    'a deny',
    [...without(), event('ApprovalVoted', 'i', { ...review, approver: 'eve', n: 1, decision: 'deny' })],
    'was denied',
  ],
  ['one person alone where the rules let one', glass(true), undefined],
  ['one person alone where they do not', glass(false), 'has 1 of the 2 people'],
  ['no claim', without('claimed'), 'was never claimed'],
  ['no request', without('requested'), 'was never requested'],
  [
    'a review without an approval',
    [good.decided, event('Authorized', 'i', { verdict: 'review' })],
    'names no approval',
  ],
  [
    'a review that calls itself allowed',
    [good.decided, event('Authorized', 'i', { verdict: 'allow' })],
    'names no approval',
  ],
  [
    'another plan',
    [
      ...without('authorized'),
      {
        ...good.authorized,
        fields: {
          ...good.authorized.fields,
          planDigest: event('Planned', 'i', { planDigest: 'sha256:q' }).fields.planDigest,
        },
      },
    ],
    'another planDigest',
  ],
  ['an approval used twice', [...without(), { ...good.authorized, invocation: 'j' }], 'used more than once'],
])('%s', async (_, events, fault) => {
  const { faults } = await storyOf(events);
  if (fault === undefined) expect(faults).toEqual([]);
  else expect(faults.map(({ kind, message }) => `${kind}: ${message}`)).toContainEqual(expect.stringContaining(fault));
});

it('names intents that are open still', async () => {
  const report = await storyOf(without('executed'));
  expect(report).toMatchObject({ consistent: true, openIntents: ['i'] });
});

it.each([
  ['of a process that died', without('executed')],
  ['of one that lived', [...without('executed'), event('Unknown', 'i', { ...review, auditIds: 3 })]],
])('closes the intent %s by what somebody found out, in whichever chain that stands', async (_, events) => {
  const report = await storyOf([...events, event('Reconciled', 'i', { ...review, state: 'failed', by: 'ana' })]);
  expect(report).toMatchObject({ consistent: true, openIntents: [], faults: [] });
});
