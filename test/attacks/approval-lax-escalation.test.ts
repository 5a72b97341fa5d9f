import { expect, it } from 'vitest';
import { tally } from '../../src/domain/approval-state.ts';
import { addUp } from '../../src/policy/requirement.ts';
import { requirement as schema } from '../../src/policy/requirement-schema.ts';
import { agent } from '../support/approvals.ts';

/** Members of one group, who approve when everything that could be escalated is. */
const approving = (group: string, requirement: ReturnType<typeof addUp>) =>
  tally(
    { requirement, principal: agent, createdAt: 0 },
    [1, 2, 3].map((n) => ({
      person: `${group}${n}`,
      decision: 'approve' as const,
      comment: undefined,
      time: 840_000,
      channel: 'slack' as const,
      n: 1,
    })),
    (id) => ({ id, name: id, groups: [group], osUsers: [] }),
  );

it('fills no place of a strict rule by the escalation of a lax one', () => {
  const lax = schema.parse({ people: 2, escalate: { after: '10m', to: 'sre' } });
  const asked = addUp([lax, schema.parse({ groups: ['security'] })]);
  expect(asked.escalation).toBeUndefined();
  expect(approving('sre', asked)).toMatchObject({ have: 2, need: 3 });
  // Nor by one that goes to another group, nor beside a rule that asks for nothing in particular.
  const strict = schema.parse({ groups: ['security'], escalate: { after: '1m', to: 'leads' } });
  expect(addUp([lax, strict]).escalation).toBeUndefined();
  expect(addUp([lax, undefined]).escalation).toBeUndefined();
});

it('asks a group that every rule names, when the last of them does', () => {
  const asked = addUp([
    schema.parse({ people: 2, escalate: { after: '10m', to: 'sre' } }),
    schema.parse({ groups: ['security'], escalate: { after: '12m', to: 'sre' } }),
  ]);
  expect(asked.escalation).toEqual([{ afterSeconds: 720, group: 'sre' }]);
  expect(approving('sre', asked)).toMatchObject({ have: 3, need: 3 });
});
