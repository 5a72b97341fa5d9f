import type { PeopleRegistry, Person } from '../../domain/approval.ts';
import type { Clock } from '../../domain/environment.ts';
import type { SlackApi, SlackUser } from './ports.ts';
import { failureOf } from './transport.ts';

/** Milliseconds for which what Slack says of a user is kept. */
const keepFor = 30_000;

/** Slack's words for a user of whom it says nothing, now and later. https://docs.slack.dev/reference/methods/users.info */
export const unknownUser: ReadonlySet<string> = new Set([
  'user_not_found',
  'user_not_visible',
  'users_not_found',
  'user_disabled',
]);

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
      if (unknownUser.has(failureOf(thrown).error ?? '')) return undefined;
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
      // First: what anybody may write costs no question to Slack, and holds up nobody's claim.
      const person = people.bySlack(team, id);
      if (person === undefined)
        return { refusal: 'no record of the people registry is you: an operator can add your Slack user to one' };
      const refusal = refusalOf(await ask(id), team);
      return refusal === undefined ? { person } : { refusal };
    },
  };
}

/** Why what Slack says of a user makes no voter of them; undefined: it does. */
export function refusalOf(
  user: Pick<SlackUser, 'team' | 'bot' | 'guest' | 'deactivated'> | undefined,
  team: string,
): string | undefined {
  if (user === undefined) return 'Slack does not know your user';
  if (user.bot) return 'apps and workflows do not vote';
  if (user.team !== team) return 'you belong to another workspace';
  if (user.guest) return 'guests do not vote';
  return user.deactivated ? 'your account is deactivated' : undefined;
}
