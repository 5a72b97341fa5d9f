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
 * else a record of its own. Who would be two people at once is none.
 */
export function mergePeople(
  configured: readonly Person[],
  team: string,
  members: readonly Member[],
): {
  readonly people: readonly Person[];
  readonly refused: readonly { readonly user: string; readonly because: string }[];
} {
  const people = new Map(configured.map((person) => [person.id.toLowerCase(), person]));
  const refused: { user: string; because: string }[] = [];
  for (const member of members) {
    const { user, email, name, groups } = member;
    const slack = { team, user };
    const byUser = [...people.values()].find((person) => isSlackUser(person, slack));
    const byEmail = people.get(email.toLowerCase());
    const found = byUser ?? byEmail;
    if (byUser !== undefined && byEmail !== undefined && byUser !== byEmail)
      refused.push({ user, because: 'two records under people are this one person' });
    else if (found === undefined && !personId.safeParse(email).success)
      refused.push({ user, because: 'the e-mail address cannot be an id; name the person under people' });
    else if (found?.slack !== undefined && !isSlackUser(found, slack))
      refused.push({ user, because: 'another Slack user is configured for the same person' });
    else {
      const person = found ?? { id: email.toLowerCase(), name, groups: [], osUsers: [], subjects: [] };
      people.set(person.id.toLowerCase(), { ...person, slack, groups: [...new Set([...person.groups, ...groups])] });
    }
  }
  return { people: [...people.values()], refused };
}

const isSlackUser = (person: Person, { team, user }: NonNullable<Person['slack']>): boolean =>
  person.slack?.team === team && person.slack.user === user;
