import type { PeopleRegistry, Vote } from '../../domain/approval.ts';
import type { Clock, Log } from '../../domain/environment.ts';
import { freshForClaim } from './asked.ts';
import type { SlackApi, SlackUser } from './ports.ts';
import { failureOf } from './transport.ts';
import { refusalOf, unknownUser } from './voter.ts';

export type Voted = Pick<Vote, 'person' | 'channel'>;

/** Milliseconds after which somebody whose account was no good is asked for again. */
const againAfter = 300_000;

/** Whose Slack account is no good any more: who has left does not vote, at the terminal as little as in Slack. */
export interface Accounts {
  /** By their ids, as far as it is known. */
  isGone(person: string): boolean;
  /** Asks for those who voted. Returns those who voted in Slack and of whom nothing can be found out now. */
  look(voted: readonly Voted[]): Promise<readonly string[]>;
  /** Asks again for those who were gone a while ago: somebody may have come back. */
  lookAgain(): Promise<void>;
}

export interface AccountsParts {
  readonly api: Pick<SlackApi, 'identity' | 'user'>;
  readonly people: Pick<PeopleRegistry, 'byId'>;
  /** What Slack said of a user when the groups were read. */
  readonly answer: (user: string) => (Flags & { readonly at: number }) | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

type Flags = Pick<SlackUser, 'team' | 'bot' | 'guest' | 'deactivated'>;

interface Standing {
  readonly at: number;
  readonly isGood: boolean;
}

export function createAccounts({ api, people, answer, clock, log }: AccountsParts): Accounts {
  const known = new Map<string, Standing>();
  const isOlder = (at: number, age: number): boolean => Math.abs(clock.now() - at) > age;
  const ask = async (user: string): Promise<Standing> => {
    const { team } = await api.identity();
    const read = answer(user);
    if (read !== undefined && !isOlder(read.at, freshForClaim))
      return { at: read.at, isGood: refusalOf(read, team) === undefined };
    const found = await api.user(user).catch((thrown: unknown) => {
      if (unknownUser.has(failureOf(thrown).error ?? '')) return undefined;
      throw thrown;
    });
    return { at: clock.now(), isGood: refusalOf(found, team) === undefined };
  };
  /** False: it cannot be found out now. */
  const learn = async (person: string): Promise<boolean> => {
    const slack = people.byId(person)?.slack;
    const last = known.get(person);
    if (slack === undefined || (last !== undefined && !isOlder(last.at, freshForClaim))) return true;
    try {
      // A user of another workspace cannot be asked for here, and cannot vote here either.
      if ((await api.identity()).team === slack.team) known.set(person, await ask(slack.user));
      return true;
    } catch (thrown) {
      log.warn('it cannot be found out whether a voter still has a Slack account', { person, cause: String(thrown) });
      return false;
    }
  };
  return {
    isGone: (person) => known.get(person)?.isGood === false,
    look: async (voted) => {
      const ids = [...new Set(voted.map(({ person }) => person))];
      const learnt = await Promise.all(ids.map(learn));
      return ids.filter((id, n) => !learnt[n] && voted.some((each) => each.person === id && each.channel === 'slack'));
    },
    lookAgain: async () => {
      for (const [person, { at, isGood }] of known) if (!isGood && isOlder(at, againAfter)) await learn(person);
    },
  };
}
