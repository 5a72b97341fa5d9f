import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { CountersignError } from '../../domain/errors.ts';
import { because, type Finding, ok, warn } from './finding.ts';

type Env = Readonly<Record<string, string | undefined>>;
type EksCluster = Extract<Config['clusters'][string], { readonly eks: unknown }>;

/** More would take minutes: each is a question to AWS. */
const most = 10;

/** The hole beside the roles: a profile of AWS that this user can read, and that the roles of the tiers let in. */
export async function checkProfiles(config: Config, env: Env): Promise<readonly Finding[]> {
  const [cluster] = Object.values(config.clusters).filter((each): each is EksCluster => 'eks' in each);
  if (cluster === undefined) return [];
  const { names, files } = await profiles(env);
  if (names.length === 0) return [ok('bypass', 'no profile of AWS that this user can read')];
  const tried = names.slice(0, most);
  const findings = await Promise.all(tried.map((name) => tryProfile(name, cluster)));
  const left = names.length - tried.length;
  const more =
    left === 0
      ? []
      : [warn('bypass', `${left} more profiles in ${files.join(', ')} were not tried`, 'keep them from this user')];
  return [...findings, ...more];
}

async function tryProfile(name: string, { eks, tiers }: EksCluster): Promise<Finding> {
  const { createAws } = await import('../../cluster/eks/aws.ts');
  const role = tiers.plan.roleArn;
  const agent = 'countersign-doctor';
  try {
    await createAws(eks, name).assume({
      ...{ roleArn: role, sessionName: `${eks.sessionName}-doctor` },
      sourceIdentity: eks.sourceIdentity ? agent : undefined,
      tags: [
        { Key: 'countersign:agent', Value: agent },
        { Key: 'countersign:approval', Value: 'cs-doctor' },
      ],
    });
    return warn(
      'bypass',
      `profile ${name} of AWS, which this user can read, may assume ${role}: an agent with a shell as this user can go around Countersign`,
      'run the agent as another user, or take that identity out of the trust policies of the tiers',
    );
  } catch (thrown) {
    if (thrown instanceof CountersignError && /AccessDenied|credentials/.test(thrown.message))
      return ok('bypass', `profile ${name} of AWS cannot assume ${role}`);
    const todo = 'try again, or look at its trust policy';
    return warn('bypass', `whether profile ${name} of AWS may assume ${role} is not known: ${because(thrown)}`, todo);
  }
}

async function profiles(env: Env): Promise<{ readonly names: readonly string[]; readonly files: readonly string[] }> {
  const home = join(env.HOME ?? homedir(), '.aws');
  const files = [
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(home, 'credentials'),
    env.AWS_CONFIG_FILE ?? join(home, 'config'),
  ];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  const found = texts.flatMap((text) => [...text.matchAll(/^\s*\[\s*(?:profile\s+)?([^\]]+?)\s*\]/gm)]);
  const names = found.map(([, name = '']) => name).filter((name) => !/^(?:sso-session|services)\s/.test(name));
  return { names: [...new Set(names)], files };
}
