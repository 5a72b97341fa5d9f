import type { PeopleRegistry } from '../domain/approval.ts';
import type { SuspensionStore } from '../identity/suspensions.ts';

/**
 * The people whose votes count: whoever is suspended countersigns nothing, and what they said before does not count either,
 * until they are resumed. Asked at every look, so it holds at the claim.
 */
export function votersOf(
  people: PeopleRegistry,
  suspensions: Pick<SuspensionStore, 'isPersonSuspended'>,
): PeopleRegistry {
  const { current } = people;
  return {
    byId: (id) => (suspensions.isPersonSuspended(id) ? undefined : people.byId(id)),
    byOsUser: (name) => people.byOsUser(name),
    bySlack: (team, user) => people.bySlack(team, user),
    bySubject: (issuer, subject) => people.bySubject(issuer, subject),
    byWorkload: (issuer, subject) => people.byWorkload(issuer, subject),
    all: () => people.all().filter(({ id }) => !suspensions.isPersonSuspended(id)),
    ...(current === undefined ? {} : { current: (voted) => current(voted) }),
  };
}
