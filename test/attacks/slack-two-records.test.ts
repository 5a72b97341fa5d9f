import { expect, it } from 'vitest';
import { peopleConfigSchema, recordsOf } from '../../src/approval/people.ts';
import { mergePeople } from '../../src/approval/slack/members.ts';
import { isOwner } from '../../src/domain/approval-state.ts';
import { agent } from '../support/approvals.ts';

const records = recordsOf(
  peopleConfigSchema.parse([
    { id: 'ana@example.com', groups: ['sre'], osUsers: ['ana'] },
    { id: 'ana', groups: ['sre', 'oncall'], slack: { team: 'T1', user: 'U1' } },
    { id: 'bo', groups: ['sre'] },
  ]),
);
const member = { user: 'U1', email: 'Ana@example.com', name: 'Ana', groups: ['security'] };

it('takes two records of one person for one, whom it knows by either', () => {
  const { people, doubles, refused } = mergePeople(records, 'T1', [member]);
  expect(people.map(({ id, groups }) => [id, groups])).toEqual([
    ['bo', ['sre']],
    ['ana', ['sre', 'oncall', 'security']],
  ]);
  expect(doubles).toEqual([['ana', 'ana@example.com']]);
  expect(refused).toEqual([]);
  const [, ana] = people;
  expect(ana).toMatchObject({ osUsers: ['ana'], slack: { team: 'T1', user: 'U1' } });
  // The agent of either of them is theirs.
  expect(isOwner(ana!, { ...agent, person: 'ana@example.com', agent: 'local:ana', verified: false })).toBe(true);
});
