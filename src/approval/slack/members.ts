import type { Person } from '../../domain/approval.ts';
import { personId } from '../people.ts';

/** A member of Slack user groups, by the groups of the policy that they stand for. */
export interface Member {
  readonly user: string;
  readonly email: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/**
 * One person one record: a member is the configured record with this Slack user, else the one whose id is the e-mail address,
 * else a record of its own. Two configured records that Slack says are one person become one, so that they fill one place:
 * the first by id, with the groups of both.
 */
export function mergePeople(
  configured: readonly Person[],
  team: string,
  members: readonly Member[],
): {
  readonly people: readonly Person[];
  readonly refused: readonly { readonly user: string; readonly because: string }[];
  /** Ids of configured records that are one person. */
  readonly doubles: readonly (readonly [string, string])[];
} {
  const people = new Map(configured.map((person) => [person.id.toLowerCase(), person]));
  const doubles: [string, string][] = [];
  const refused: { user: string; because: string }[] = [];
  for (const member of members) {
    const { user, email, name, groups } = member;
    const slack = { team, user };
    const byUser = [...people.values()].find((person) => isSlackUser(person, slack));
    const byEmail = people.get(email.toLowerCase());
    const double = byUser !== undefined && byEmail !== undefined && byUser !== byEmail;
    const found = double ? asOne(byUser, byEmail) : (byUser ?? byEmail);
    if (double) {
      for (const { id } of [byUser, byEmail]) people.delete(id.toLowerCase());
      doubles.push([byUser.id, byEmail.id]);
    }
    if (found === undefined && !personId.safeParse(email).success)
      refused.push({ user, because: 'the e-mail address cannot be an id; name the person under people' });
    else if (found?.slack !== undefined && !isSlackUser(found, slack))
      refused.push({ user, because: 'another Slack user is configured for the same person' });
    else {
      const person = found ?? { id: email.toLowerCase(), name, groups: [], osUsers: [], subjects: [] };
      people.set(person.id.toLowerCase(), { ...person, slack, groups: [...new Set([...person.groups, ...groups])] });
    }
  }
  return { people: [...people.values()], refused, doubles };
}

/** With the Slack user of the first one, and whatever else either is known by: it is the owner by any of it. */
function asOne(bySlack: Person, other: Person): Person {
  const [{ id, name }] = bySlack.id < other.id ? [bySlack] : [other];
  const both = [bySlack, other];
  return {
    ...bySlack,
    ...{ id, name },
    groups: [...new Set(both.flatMap(({ groups }) => groups))],
    osUsers: both.flatMap(({ osUsers }) => osUsers),
    subjects: both.flatMap(({ subjects = [] }) => subjects),
  };
}

const isSlackUser = (person: Person, { team, user }: NonNullable<Person['slack']>): boolean =>
  person.slack?.team === team && person.slack.user === user;
