import { z } from 'zod';
import type { PeopleRegistry, Person, TokenSubject } from '../domain/approval.ts';
import { invalid } from '../domain/errors.ts';

const name = z.string().min(1).max(200);

const subject = z.strictObject({ issuer: name, subject: name });

/** An id is also the name of a vote's file: an e-mail address or a plain word. */
export const personId = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]*$/, 'letters, digits and . _ @ + - only, such as ana@example.com');

/** `people` in the configuration: one record a person, over all channels. */
export const peopleConfigSchema = z
  .array(
    z.strictObject({
      id: personId.describe('The one name of this person everywhere: usually the e-mail address'),
      name: name.optional().describe('As people read it; the id where it is missing'),
      groups: z.array(name).default([]).describe('Groups whose places in an approval this person may fill'),
      osUsers: z.array(name).default([]).describe('Operating system users that vote at the terminal as this person'),
      slack: z.strictObject({ team: name, user: name }).exactOptional().describe('Slack team and user id'),
      subjects: z.array(subject).default([]).describe('Token subjects that are this person'),
      owns: z
        .array(subject)
        .default([])
        .describe('Token subjects of workloads that this person answers for, such as a service account of a cluster'),
    }),
  )
  .default([]);
export type PeopleConfig = z.infer<typeof peopleConfigSchema>;

/** @throws Invalid when two records claim one id, operating system user, Slack user or token subject */
export const createPeople = (config: PeopleConfig): PeopleRegistry => registryOf(recordsOf(config));

export const recordsOf = (config: PeopleConfig): readonly Person[] =>
  config.map((record): Person => ({ ...record, name: record.name ?? record.id }));

/** @throws Invalid, as `createPeople` */
export function registryOf(people: readonly Person[]): PeopleRegistry {
  // Files of a vote carry the id, and some file systems do not tell upper from lower case.
  unique(people, (person) => [`person ${person.id.toLowerCase()}`]);
  unique(people, (person) => person.osUsers.map((user) => `OS user ${user}`));
  unique(people, ({ slack }) => (slack === undefined ? [] : [`Slack user ${slack.team}/${slack.user}`]));
  // One subject is one person or one person's workload: never somebody's, and a workload of somebody else.
  unique(people, (person) =>
    [...(person.subjects ?? []), ...(person.owns ?? [])].map((each) => `subject ${each.subject} of ${each.issuer}`),
  );
  const byId = new Map(people.map((person) => [person.id, person]));
  const byOsUser = new Map(people.flatMap((person) => person.osUsers.map((user) => [user, person] as const)));
  const bySlack = new Map(
    people.flatMap((person) => (person.slack === undefined ? [] : [[slackKey(person.slack), person] as const])),
  );
  const bySubject = subjectsOf(people, 'subjects');
  const byWorkload = subjectsOf(people, 'owns');
  return {
    byId: (id) => byId.get(id),
    byOsUser: (user) => byOsUser.get(user),
    bySlack: (team, user) => bySlack.get(slackKey({ team, user })),
    bySubject: (issuer, subject) => bySubject.get(subjectKey({ issuer, subject })),
    byWorkload: (issuer, subject) => byWorkload.get(subjectKey({ issuer, subject })),
    all: () => people,
  };
}

const subjectsOf = (people: readonly Person[], which: 'subjects' | 'owns'): ReadonlyMap<string, Person> =>
  new Map(people.flatMap((person) => (person[which] ?? []).map((each) => [subjectKey(each), person] as const)));

/** No issuer and no subject can be written so that two pairs look alike. */
const subjectKey = ({ issuer, subject }: TokenSubject): string => JSON.stringify([issuer, subject]);

const slackKey = ({ team, user }: NonNullable<Person['slack']>): string => `${team}/${user}`;

function unique(people: readonly Person[], claims: (person: Person) => readonly string[]): void {
  const holder = new Map<string, Person>();
  for (const person of people)
    for (const claim of new Set(claims(person))) {
      const other = holder.get(claim);
      if (other !== undefined)
        throw invalid(
          `two people claim ${claim}: ${other.id} and ${person.id}`,
          'one person is one record under people',
        );
      holder.set(claim, person);
    }
}
