import type { Approval, PeopleRegistry } from '../../domain/approval.ts';
import type { SlackConfig } from './config.ts';
import { code, groupMention, userMention } from './mrkdwn.ts';

/** How people and groups are named in a message. */
export interface Mentions {
  /** A person of the registry: the Slack user where there is one, and the id otherwise. */
  person(id: string): string;
  /** Who is asked, so that they are notified; empty where nobody is mentioned. */
  group(group: string | undefined): string;
  slackUser(id: string | undefined): string | undefined;
}

/** People of a group without a Slack user group that are mentioned one by one. */
const mostPeople = 8;

export function createMentions(people: PeopleRegistry, config: Pick<SlackConfig, 'mention' | 'userGroups'>): Mentions {
  const slackUser = (id: string | undefined): string | undefined => {
    const user = id === undefined ? undefined : people.byId(id)?.slack?.user;
    return user !== undefined && /^[UW][A-Z0-9]+$/.test(user) ? user : undefined;
  };
  return {
    slackUser,
    person: (id) => {
      const user = slackUser(id);
      return user === undefined ? code(id) : userMention(user);
    },
    group: (group) => {
      if (!config.mention || group === undefined) return '';
      const userGroup = config.userGroups[group];
      if (userGroup !== undefined) return groupMention(userGroup);
      const members = people.all().filter(({ groups }) => groups.includes(group));
      const users = members.flatMap(({ id }) => slackUser(id) ?? []).slice(0, mostPeople);
      return users.map(userMention).join(' ');
    },
  };
}

/** The groups whose places are open, each once. */
const groupsOf = ({ requirement }: Approval): readonly string[] => [
  ...new Set(requirement.slots.flatMap(({ group }) => group ?? [])),
];

/** Groups that one message mentions. */
const mostGroups = 8;

/** All of them, so that each is asked once. */
export const mentionAll = (mentions: Mentions, approval: Approval): string =>
  groupsOf(approval)
    .slice(0, mostGroups)
    .map((group) => mentions.group(group))
    .filter((mention) => mention !== '')
    .join(' ');
