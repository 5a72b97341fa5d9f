import type { PeopleRegistry } from '../domain/approval.ts';
import { ident } from '../domain/masked.ts';
import type { Principal } from '../domain/principal.ts';

/**
 * The caller over stdio without a token: whoever runs the process, not verified. The person behind the agent is the one that
 * the people registry has for this user of the operating system; without a record it is nobody.
 */
export function localPrincipal(osUser: string, people: Pick<PeopleRegistry, 'byOsUser'>): Principal {
  const name = ident(osUser);
  const person = people.byOsUser(osUser);
  return {
    issuer: 'local',
    subject: name,
    groups: [],
    agent: `local:${name}`,
    ...(person === undefined ? {} : { person: person.id }),
    verified: false,
  };
}
