import type { PeopleRegistry, Person } from '../../domain/approval.ts';
import type { Clock } from '../../domain/environment.ts';
import type { SlackApi, SlackUser } from './ports.ts';
import { failureOf } from './transport.ts';

/** Milliseconds for which what Slack says of a user is kept. */
const keepFor = 30_000;

/** Who a Slack user is among the people who may vote, or why they are nobody. */
export type Voter = { readonly person: Person } | { readonly refusal: string };

export interface Voters {
  /** `team` as the payload names it. @throws Unavailable when Slack cannot be asked about the user */
  of(user: string, team: string | undefined): Promise<Voter>;
}

export function createVoters(parts: {
  readonly api: Pick<SlackApi, 'identity' | 'user'>;
  readonly people: Pick<PeopleRegistry, 'bySlack'>;
  readonly clock: Clock;
}): Voters {
  const { api, people, clock } = parts;
  const known = new Map<string, { readonly at: number; readonly user: Promise<SlackUser | undefined> }>();
  const ask = (id: string): Promise<SlackUser | undefined> => {
    const now = clock.now();
    const last = known.get(id);
    if (last !== undefined && Math.abs(now - last.at) < keepFor) return last.user;
    for (const [each, { at }] of known) if (Math.abs(now - at) >= keepFor) known.delete(each);
    const user = api.user(id).catch((thrown: unknown) => {
      if (failureOf(thrown).error === 'user_not_found') return undefined;
      known.delete(id);
      throw thrown;
    });
    known.set(id, { at: now, user });
    return user;
  };
  return {
    of: async (id, claimed) => {
      const { team } = await api.identity();
      if (claimed !== undefined && claimed !== team) return { refusal: 'you belong to another workspace' };
      const user = await ask(id);
      const refusal = refusalOf(user, team);
      if (refusal !== undefined) return { refusal };
      const person = people.bySlack(team, id);
      return person === undefined
        ? { refusal: 'no record of the people registry is you: an operator can add your Slack user to one' }
        : { person };
    },
  };
}

function refusalOf(user: SlackUser | undefined, team: string): string | undefined {
  if (user === undefined) return 'Slack does not know your user';
  if (user.bot) return 'apps and workflows do not vote';
  if (user.team !== team) return 'you belong to another workspace';
  if (user.guest) return 'guests do not vote';
  return user.deactivated ? 'your account is deactivated' : undefined;
}
