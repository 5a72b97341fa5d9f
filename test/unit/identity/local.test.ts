import { expect, test } from 'vitest';
import type { Person } from '../../../src/domain/approval.ts';
import { localPrincipal } from '../../../src/identity/local.ts';

const ana: Person = { id: 'ana@example.com', name: 'Ana', groups: ['sre'], osUsers: ['ana'] };
const people = { byOsUser: (name: string) => (name === 'ana' ? ana : undefined) };

test('the local caller is not verified, and stands for the person that the registry has for its user', () => {
  expect(localPrincipal('ana', people)).toEqual({
    issuer: 'local',
    subject: 'ana',
    groups: [],
    agent: 'local:ana',
    person: 'ana@example.com',
    verified: false,
  });
});

test('a user without a record stands for nobody, and groups of a person are not those of the agent', () => {
  expect(localPrincipal('bo', people)).not.toHaveProperty('person');
  expect(localPrincipal('ana', people).groups).toEqual([]);
});

test('a name that could be taken for another is visible', () => {
  expect(localPrincipal('\u0430na', people).agent).toBe('local:\\u{430}na');
});
