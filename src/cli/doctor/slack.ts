import { createPeople } from '../../approval/people.ts';
import { createSlackApi } from '../../approval/slack/api.ts';
import type { SlackConfig } from '../../approval/slack/config.ts';
import { readConnections } from '../../approval/slack/connections.ts';
import { mergePeople } from '../../approval/slack/members.ts';
import type { SlackApi, SlackUser } from '../../approval/slack/ports.ts';
import type { Config } from '../../config.ts';
import type { Person } from '../../domain/approval.ts';
import { because, type Finding, fail, ok, warn } from './finding.ts';

/** What the app needs, and what for. docs/slack-app-manifest.yaml has the same. https://docs.slack.dev/reference/scopes */
const scopes: Readonly<Record<string, string>> = {
  'chat:write': 'messages',
  'files:write': 'whole diffs in the thread',
  'users:read': 'who a voter is',
  'users:read.email': 'which person of the registry a member is',
  'usergroups:read': 'members of user groups',
  'im:write': 'direct messages to the person behind the agent',
};
/** More than these let the token do what an approval never needs. */
const allowed = new Set([...Object.keys(scopes), 'channels:history', 'groups:history', 'reactions:read']);

export interface SlackFindings {
  readonly findings: readonly Finding[];
  /** The configured people and the members of the Slack user groups. */
  readonly people: readonly Person[];
}

/** Talks to Slack, changes nothing there: token, scopes, channel, user groups, and who else is connected. */
export async function checkSlack({ approvals, people }: Config, root: string, api?: SlackApi): Promise<SlackFindings> {
  const configured = createPeople(people).all();
  const { slack } = approvals;
  if (slack === undefined) return { findings: [], people: configured };
  try {
    const used = api ?? createSlackApi({ botToken: slack.botToken, appToken: slack.appToken, apiUrl: slack.apiUrl });
    const identity = await used.identity();
    const members = await checkGroups(slack, used, identity.team, configured);
    return {
      findings: [
        ok('slack', `the bot token is good for workspace ${identity.team}`),
        ...checkScopes(identity.scopes, slack.channel),
        ...(await checkChannel(slack, used)),
        ...members.findings,
        ...(await checkConnection(slack, used, root)),
      ],
      people: members.people,
    };
  } catch (thrown) {
    const todo = 'look at the bot token and the network; docs/slack.md says where the token comes from';
    return { findings: [fail('slack', because(thrown), todo)], people: configured };
  }
}

function checkScopes(given: readonly string[], channel: string): readonly Finding[] {
  const history = channel.startsWith('G') ? 'groups:history' : 'channels:history';
  const missing = Object.entries(scopes).filter(([scope]) => !given.includes(scope));
  const noHistory = !given.includes(history) && !given.includes('groups:history');
  const wide = given.filter((scope) => !allowed.has(scope));
  const todo = 'add it in the app’s settings (OAuth & Permissions) and install the app again';
  return [
    ...missing.map(([scope, what]) => fail('slack', `scope ${scope} is missing: ${what}`, todo)),
    ...(noHistory
      ? [fail('slack', `scope ${history} is missing: replies are not read, nothing is claimed`, todo)]
      : []),
    ...(wide.length === 0
      ? []
      : [warn('slack', `the token can do more than it needs: ${wide.join(', ')}`, 'take these scopes away')]),
    ...(missing.length === 0 && !noHistory ? [ok('slack', `${given.length} scopes, all that are needed`)] : []),
  ];
}

/** Only a member can read a channel, so reading it tells. */
async function checkChannel({ channel }: SlackConfig, api: SlackApi): Promise<readonly Finding[]> {
  try {
    await api.own(channel, String(Math.floor(Date.now() / 1_000) - 60));
    return [ok('slack', `the app is a member of channel ${channel}`)];
  } catch (thrown) {
    const todo = 'invite the app to the channel (/invite @Countersign), and name the channel’s id, not its name';
    return [fail('slack', `channel ${channel} cannot be read: ${because(thrown)}`, todo)];
  }
}

async function checkGroups(
  { userGroups }: SlackConfig,
  api: SlackApi,
  team: string,
  configured: readonly Person[],
): Promise<SlackFindings> {
  const findings: Finding[] = [];
  const found = new Map<string, { readonly user: SlackUser; readonly groups: string[] }>();
  for (const [group, id] of Object.entries(userGroups)) {
    const users: SlackUser[] = [];
    for (const member of await api.members(id)) users.push(await api.user(member));
    const voters = users.filter((user) => isVoter(user, team));
    findings.push(
      voters.length === 0
        ? fail(
            'slack',
            `user group ${id} (${group}) has nobody who may vote`,
            'add members, or name another user group',
          )
        : ok('slack', `group ${group}: ${voters.map(({ name }) => name).join(', ')}`),
    );
    for (const user of voters) found.set(user.id, { user, groups: [...(found.get(user.id)?.groups ?? []), group] });
  }
  const members = [...found.values()].map(({ user, groups }) => ({
    ...{ user: user.id, email: user.email ?? '', name: user.name, groups },
  }));
  const { people, refused, doubles } = mergePeople(configured, team, members);
  return {
    findings: [
      ...findings,
      ...doubles.map((ids) =>
        fail(
          'people',
          `${ids.join(' and ')} are one person in Slack, by the e-mail address: they count as one`,
          'make one record of the two under people',
        ),
      ),
      ...refused.map(({ user, because: why }) =>
        warn(
          'slack',
          `Slack user ${user} counts for nobody: ${why}`,
          'name this person once under people, with slack: {team, user}',
        ),
      ),
    ],
    people,
  };
}

const isVoter = ({ team: own, bot, guest, deactivated }: SlackUser, team: string): boolean =>
  own === team && !bot && !guest && !deactivated;

/** How a server is started is not in the configuration, so that over stdio nothing listens can only be said. */
const listening = (listen: string): Finding =>
  listen === 'shared'
    ? warn(
        'slack',
        'signed requests are taken by serve --http, on its address; a server over stdio takes none',
        'where you serve over stdio give approvals.slack.listen an address, such as 127.0.0.1:8701: buttons answer nobody otherwise',
      )
    : ok('slack', `signed requests are taken on ${listen}`);

/**
 * The running server knows how many connections Slack counts; one of our own, opened to ask, would be given somebody's click
 * and lose it.
 */
async function checkConnection(slack: SlackConfig, api: SlackApi, root: string): Promise<readonly Finding[]> {
  if (slack.mode === 'http') return [listening(slack.listen)];
  try {
    await api.socketUrl();
  } catch (thrown) {
    const todo =
      'look at the app-level token (xapp-…, scope connections:write) and at Socket Mode in the app’s settings';
    return [fail('slack', `Socket Mode does not open: ${because(thrown)}`, todo)];
  }
  const connections = await readConnections(root);
  if (connections === undefined || connections <= 1) return [ok('slack', 'the app-level token opens Socket Mode')];
  return [
    warn(
      'slack',
      `Slack counts ${connections} connections of this app, and gives each vote to one of them`,
      'one is your server; the others are old ones that end within minutes, or somebody else’s: give each state directory an app of its own, and make a new app-level token',
    ),
  ];
}
