import { z } from 'zod';
import type { Clock } from '../../domain/environment.ts';
import type { SlackApi } from './ports.ts';

/** How old, in milliseconds, what a claim goes by may be. */
export const freshForClaim = 60_000;
/** Milliseconds for which an address stays that of a user, and for which nobody becomes a guest or leaves. */
export const addressFor = 86_400_000;
export const flagsFor = 300_000;
/** Users that are asked for at once. */
const batch = 4;

export const answerSchema = z.object({
  /** Milliseconds since the epoch. */
  at: z.number(),
  team: z.string(),
  name: z.string(),
  email: z.string().optional(),
  bot: z.boolean(),
  guest: z.boolean(),
  deactivated: z.boolean(),
});
type Answer = Readonly<z.infer<typeof answerSchema>>;

/** How old answers may be, in milliseconds: those of users in general; the ones who voted are asked for before a claim. */
export interface Ages {
  readonly users: number;
  readonly voted: readonly string[];
}

/** What Slack said of each user. Asking for many is cut off by its rate limit: the next time goes on from there. */
export interface Answers {
  isDue(user: string, ages: Ages): boolean;
  /** What another process was told. */
  adopt(answers: Readonly<Record<string, Answer>>): void;
  /** Of exactly these users. @throws Unavailable when one of them is not known and cannot be asked for */
  read(users: readonly string[], ages: Ages): Promise<Record<string, Answer>>;
}

export function createAnswers(api: Pick<SlackApi, 'user'>, clock: Clock): Answers {
  const known = new Map<string, Answer>();
  const isDue: Answers['isDue'] = (user, { users, voted }) => {
    const at = known.get(user)?.at;
    const age = voted.includes(user) ? freshForClaim : users;
    return at === undefined || Math.abs(clock.now() - at) > age;
  };
  const ask = async (user: string): Promise<void> => {
    const { id: _, ...answer } = await api.user(user);
    known.set(user, { ...answer, at: clock.now() });
  };
  return {
    isDue,
    adopt: (answers) => {
      for (const [user, answer] of Object.entries(answers))
        if (answer.at > (known.get(user)?.at ?? Number.NEGATIVE_INFINITY)) known.set(user, answer);
    },
    read: async (users, ages) => {
      for (const user of known.keys()) if (!users.includes(user)) known.delete(user);
      // Who voted first: a limit that is reached later does not matter to them.
      const due = users.filter((user) => isDue(user, ages)).toSorted((a, b) => rank(a, ages) - rank(b, ages));
      for (let from = 0; from < due.length; from += batch) await Promise.all(due.slice(from, from + batch).map(ask));
      return Object.fromEntries(
        users.flatMap((user) => {
          const answer = known.get(user);
          return answer === undefined ? [] : [[user, answer]];
        }),
      );
    },
  };
}

const rank = (user: string, { voted }: Ages): number => (voted.includes(user) ? 0 : 1);
