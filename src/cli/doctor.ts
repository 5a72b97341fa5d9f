import { join } from 'node:path';
import { type Config, configPath, loadConfig, stateRoot } from '../config.ts';
import { CountersignError } from '../domain/errors.ts';
import { packageRoot } from '../package.ts';
import { type Bundle, loadBundle } from '../policy/bundle.ts';
import { checkAuditKey } from './doctor/audit-key.ts';
import { checkProfiles } from './doctor/aws-profiles.ts';
import { checkBreakGlass } from './doctor/break-glass.ts';
import { checkSinks } from './doctor/checkpoints.ts';
import { checkCluster } from './doctor/cluster.ts';
import { because, type Finding, fail, ok, warn } from './doctor/finding.ts';
import { checkIssuers } from './doctor/issuers.ts';
import { checkAudit, checkKubeconfigs, checkNode, checkPlatform, checkState } from './doctor/machine.ts';
import { checkPeople } from './doctor/people.ts';
import { checkRecordings } from './doctor/recordings.ts';
import { checkSlack } from './doctor/slack.ts';
import { type ExitCode, type Io, json, line } from './io.ts';

export interface DoctorOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Looks at everything that a server needs, changes nothing; 1 if a check fails. */
export async function doctor(options: DoctorOptions, io: Io): Promise<ExitCode> {
  const { findings: configured, config } = await checkConfig(options.config, io);
  const findings = [...checkNode(process.version), ...checkPlatform(process.platform), ...configured];
  if (config !== undefined) findings.push(...(await checkConfigured(config, io)));
  const failed = findings.filter(({ level }) => level === 'FAIL').length;
  if (options.json === true) json(io, { failed, findings });
  else for (const text of findings.flatMap(lines)) line(io, text);
  return failed === 0 ? 0 : 1;
}

const lines = ({ level, check, what, todo }: Finding): readonly string[] => [
  `${level.padEnd(5)} ${check.padEnd(10)} ${what}`,
  ...(todo === undefined ? [] : [`${' '.repeat(17)}-> ${todo}`]),
];

async function checkConfig(
  option: string | undefined,
  io: Io,
): Promise<{ findings: readonly Finding[]; config?: Config }> {
  const file = configPath(option, io.env);
  try {
    const { config } = await loadConfig(option, io.env);
    if (file !== undefined) return { findings: [ok('config', `${file} is valid`)], config };
    const none = warn(
      'config',
      'no configuration is named: all defaults, no cluster',
      'name one with --config or COUNTERSIGN_CONFIG',
    );
    return { findings: [none], config };
  } catch (thrown) {
    const more = thrown instanceof CountersignError ? thrown.lines : [];
    const todo = 'correct it; docs/countersign.schema.json has every key';
    return { findings: [because(thrown), ...more].map((what) => fail('config', what, todo)) };
  }
}

async function checkConfigured(config: Config, io: Io): Promise<readonly Finding[]> {
  const bundle = await loadBundle(config.policy?.folder ?? join(packageRoot, 'policies', 'strict'));
  const slack = await checkSlack(config, rootOf(config, io));
  const kubeconfigs = Object.values(config.clusters).flatMap((each) => ('kubeconfig' in each ? [each.kubeconfig] : []));
  return [
    ...(await checkStateAndAudit(config, io)),
    checkPolicy(config, bundle),
    ...slack.findings,
    ...checkPeople(config, bundle, slack.people),
    ...(await checkIssuers(config)),
    ...(await checkCluster(config)),
    ...(await checkKubeconfigs(io.env, kubeconfigs)),
    ...(await checkProfiles(config, io.env)),
  ];
}

/** Of a state directory that cannot be named another check tells. */
function rootOf(config: Config, io: Io): string {
  try {
    return stateRoot(config, io.env);
  } catch {
    return '';
  }
}

async function checkStateAndAudit(config: Config, io: Io): Promise<readonly Finding[]> {
  try {
    const root = stateRoot(config, io.env);
    return [
      ...(await checkState(root)),
      ...(await checkAudit(root, config)),
      ...(await checkAuditKey(root, config)),
      ...(await checkSinks(root, config)),
      ...(await checkRecordings(root, config)),
      ...(await checkBreakGlass(root)),
    ];
  } catch (thrown) {
    return [fail('state', because(thrown), 'name an absolute path in COUNTERSIGN_STATE')];
  }
}

function checkPolicy(config: Config, bundle: Bundle): Finding {
  const which = config.policy?.folder ?? 'the strict bundle that is shipped';
  if (bundle.rules === undefined) return fail('policy', `${bundle.fault}: everything is denied`, 'correct the file');
  return ok('policy', `${which}: ${bundle.rules.length} rules, ${bundle.digest}`);
}
