import { createPeople } from '../../approval/people.ts';
import type { Config } from '../../config.ts';
import type { Person } from '../../domain/approval.ts';
import { processUser } from '../../identity/local.ts';
import type { Bundle } from '../../policy/bundle.ts';
import { slotsOf } from '../../policy/requirement.ts';
import type { Rule } from '../../policy/rule.ts';
import { because, type Finding, fail, ok, warn } from './finding.ts';

/** Whether there are enough people for what the policy asks, and whether they can be asked. */
/** `people`: of the configuration and of Slack's user groups. */
export function checkPeople(config: Config, bundle: Bundle, people: readonly Person[]): readonly Finding[] {
  try {
    createPeople(config.people);
    return [...quorum(people, bundle.rules ?? []), ...asked(config, people, bundle.rules ?? [])];
  } catch (thrown) {
    return [fail('people', because(thrown), 'one person is one record under people')];
  }
}

function quorum(people: readonly Person[], rules: readonly Rule[]): readonly Finding[] {
  const reviews = rules.filter((rule) => rule.effect === 'review');
  const short = reviews.flatMap((rule) => slotsOf(rule.require).flatMap((slot) => shortage(people, rule, slot)));
  if (short.length > 0) return short;
  const groups = new Set(people.flatMap(({ groups: own }) => own)).size;
  return [
    ok(
      'people',
      `${people.length} in ${groups} groups: enough for each of ${reviews.length} rules that ask for people`,
    ),
  ];
}

function shortage(
  people: readonly Person[],
  rule: Rule,
  { group, count }: { group?: string | undefined; count: number },
): readonly Finding[] {
  const there = people.filter((person) => group === undefined || person.groups.includes(group)).length;
  const some = count === 1 ? 'person' : 'people';
  const who = group === undefined ? some : `${some} of group ${group}`;
  if (there < count) {
    return [
      fail(
        'people',
        `rule ${rule.name} needs ${count} ${who}, the registry has ${there}: such calls are refused`,
        'add records under people',
      ),
    ];
  }
  if (there === count && rule.require?.ownerMay !== true) {
    return [
      warn(
        'people',
        `rule ${rule.name} needs ${count} ${who} and there are no more: the agent of one of them waits for nobody`,
        'add one more',
      ),
    ];
  }
  return [];
}

function asked(config: Config, people: readonly Person[], rules: readonly Rule[]): readonly Finding[] {
  const { local, slack } = config.approvals;
  if (local === 'off' && slack !== undefined) return [askedInSlack(people)];
  if (local === 'off') {
    return [
      fail(
        'approvals',
        'nobody can be asked: approvals.local is off and there is no other channel',
        'set up Slack (docs/slack.md), or `approvals: {local: sudo}`, or `enabled` if you accept that whoever has a shell here can approve',
      ),
    ];
  }
  if (local === 'sudo') return [ok('approvals', 'people vote with `sudo -u <this user> countersign approvals`')];
  const user = processUser().username;
  return [
    warn(
      'approvals',
      'approvals.local is enabled: whoever has a shell as this user, an agent too, can approve',
      'use sudo, so that agents and voters are other users than the one who holds the state',
    ),
    ...onlyOwner(
      user,
      people.find(({ osUsers }) => osUsers.includes(user)),
      rules,
    ),
  ];
}

function askedInSlack(people: readonly Person[]): Finding {
  const there = people.filter(({ slack }) => slack !== undefined);
  if (there.length > 0) return ok('approvals', `${there.length} people are asked in Slack: ${namesOf(there)}`);
  const todo = 'name Slack user groups under approvals.slack.userGroups, or people with slack: {team, user}';
  return fail('approvals', 'nobody can be asked in Slack: no person has a Slack user', todo);
}

const namesOf = (people: readonly Person[]): string => {
  const names = people.slice(0, 20).map(({ id, groups }) => `${id} (${groups.join(', ')})`);
  return names.join(', ') + (people.length > 20 ? ` and ${people.length - 20} more` : '');
};

/** Where this user alone votes, and its own agents ask, a rule without `ownerMay` or for two people is never met. */
function onlyOwner(user: string, person: Person | undefined, rules: readonly Rule[]): readonly Finding[] {
  if (person === undefined)
    return [fail('approvals', `no person votes as ${user}`, `name ${user} in osUsers of a record under people`)];
  const unmet = rules.filter(({ effect, require: needs }) => {
    if (effect !== 'review') return false;
    const count = slotsOf(needs).reduce((sum, slot) => sum + slot.count, 0);
    return needs?.ownerMay !== true || count > 1;
  });
  if (unmet.length === 0) return [];
  return [
    fail(
      'approvals',
      `only ${person.id} can vote, and ${unmet.length} rules need somebody else: calls that they hold are refused at once`,
      'use `approvals: {local: sudo}`, or a bundle whose rules say ownerMay',
    ),
  ];
}
