/**
 * The composition root: the only place that knows every adapter, and the only one that holds both halves of the grant mint.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { tools } from '../tools/index.ts';
import type { ApprovalConfig } from './approval/config.ts';
import { createPeople, type PeopleConfig } from './approval/people.ts';
import { type ApprovalDeps, createApprovals } from './approval/service.ts';
import { createTerminalChannel } from './approval/terminal/channel.ts';
import { openAuditLog } from './audit/log.ts';
import type { OpenAuditLog } from './audit/open-log.ts';
import { createAuditReader } from './audit/reader.ts';
import { openCheckpoints } from './compose/checkpoints.ts';
import { createClusterSource } from './compose/cluster-source.ts';
import { contextsOf } from './compose/contexts.ts';
import { createFindingOut } from './compose/finding-out.ts';
import { openIdentity } from './compose/identity.ts';
import { createIdentityPins } from './compose/identity-pins.ts';
import { observed } from './compose/observed.ts';
import { createOwnValues } from './compose/own-values.ts';
import { createRandom } from './compose/random.ts';
import { startRecovering } from './compose/recovering.ts';
import { createAuditedSecretReader } from './compose/secret-reader.ts';
import { votersOf } from './compose/voters.ts';
import type { Compose, ComposeOptions, Composition } from './composition.ts';
import type { Config } from './config.ts';
import type { ApprovalChannel } from './domain/approval.ts';
import { auditIds } from './domain/audit-id.ts';
import { canonicalJson } from './domain/canonical.ts';
import { withContexts } from './domain/contexts.ts';
import type { Clock } from './domain/environment.ts';
import { createGrantMint } from './domain/grant-mint.ts';
import type { Json } from './domain/json.ts';
import { ident } from './domain/masked.ts';
import { createInvoke } from './gate/invoke.ts';
import { localUser, processUser } from './identity/local.ts';
import { openSuspensions } from './identity/suspensions.ts';
import { createMasker } from './masking/masker.ts';
import { compilePatterns } from './masking/patterns-own.ts';
import { packageRoot, version } from './package.ts';
import { openPolicy } from './policy/source.ts';
import { createRecorder } from './recording/recorder.ts';
import { createOpenRuns } from './state/open-runs.ts';
import { resolveStateRoot } from './state/root.ts';
import { openState } from './state/state.ts';

const clock: Clock = { now: () => Date.now() };
const random = createRandom();

export const compose: Compose = async (config, options) => {
  const { log } = options;
  const self = processUser();
  const root = config.state?.directory ?? resolveStateRoot(options.env);
  const state = await openState({ root, clock, random, log });
  const auditFolder = join(root, 'audit');
  const audit = await openAuditLog({ folder: auditFolder, process: state.process, clock, random, log });
  const checkpoints = await openCheckpoints({ config: config.audit, audit, state, clock, random, log });
  const settings = settingsOf(config, options);
  const policy = await openPolicy({ folder: settings.policy, log });
  const { mint, redeem } = createGrantMint();
  const clusters = createClusterSource({
    ...{ config, sandbox: options.sandbox, remote: options.remote === true, redeem, clock, log },
    pins: createIdentityPins(state),
  });
  const ids = (invocation: string) => auditIds(audit.auditIdSeed, invocation);
  const reading = { clusters, audit, ids, clock, random };
  const secretReader = (cluster: string) => createAuditedSecretReader(reading, cluster);
  const credentials = () => clusters.credentialsInUse();
  const ownValues = createOwnValues({ config, env: options.env, root, credentials });
  const { masking } = config;
  const patterns = await compilePatterns(masking.patterns);
  const masker = createMasker({ secretReader, ownValues, config: masking, patterns, clock, log });
  const { local, slack: slackConfig } = settings.approvals;
  const slack =
    slackConfig === undefined
      ? undefined
      : await (await import('./compose/slack.ts')).openSlack({
          ...{ config: slackConfig, people: settings.people, state, masker, clock, log },
          takesHttp: options.remote === true,
          checkpoint: config.audit.checkpoints.inThread ? () => checkpoints.now('thread') : undefined,
        });
  const people = slack?.people ?? createPeople(settings.people);
  const suspensions = await openSuspensions({ state, log });
  const terminal = createTerminalChannel({ local, people, osUser: self.username });
  const channels = [...(slack === undefined ? [] : [slack.channel]), terminal];
  const callerName = (): string => localUser(local, { ...self, env: options.env });
  const deps: ApprovalDeps = {
    state,
    clock,
    random,
    audit,
    auditReader: createAuditReader({ folder: auditFolder, log }),
    people: votersOf(people, suspensions),
    channels,
    masker,
    limits: settings.approvals,
    log,
  };
  const watch = observed(options.metrics, clock, tools);
  const approvals = createApprovals(deps);
  const identity = await openIdentity({
    ...{ config: config.identity, people, suspensions, approvals, tools, state, audit, clock, random, log },
    serves: options.serves,
  });
  const runs = createOpenRuns(state, clock);
  const invoke = createInvoke({
    tools: withContexts(tools, contextsOf(config, options.sandbox)),
    clusters,
    policy: watch.policy(policy.current),
    approvals: watch.approvals(approvals),
    audit,
    masker,
    recorder: createRecorder({ folder: join(root, 'recordings'), rawTo: config.recording.rawTo, clock, random }),
    runs,
    keyed: state.keyed,
    mint,
    auditIds: ids,
    clock,
    random,
    log,
    limits: config.limits,
    askedIn: placesOf(channels),
  });
  if (options.serves) noteStart(config, audit, policy.current().bundleDigest);
  const findOut = createFindingOut({
    ...{ approvals, runs, clusters, audit, masker, clock, random, log, keyed: state.keyed, process: state.process },
    ...{ auditIds: ids, auditReader: deps.auditReader },
    auditFolder,
  });
  const lost = { audit, auditFolder, state, tools, log };
  const tellLost = async (signal: AbortSignal): Promise<void> =>
    (await import('./compose/lost-calls.ts')).tellLostCalls(lost, signal);
  const stopRecovering = options.serves ? startRecovering(deps, findOut, tellLost) : async () => undefined;
  if (options.serves) await slack?.start(approvals);
  const close = async (): Promise<void> => {
    await stopRecovering();
    await slack?.stop();
    await identity.close();
    if (options.serves) await stopped(audit, log);
    await checkpoints.close();
    await clusters.close();
    policy.close();
    await audit.close();
    await state.close();
  };
  options.metrics?.gauge('audit_lag_lines', () => audit.lag);
  return {
    invoke: watch.invoke(invoke),
    approvals,
    audit,
    state,
    people,
    routes: slack?.routes ?? [],
    localUser: callerName,
    identity,
    policy,
    clusters,
    masker,
    checkpoints,
    close,
  } satisfies Composition;
};

/** On disk, so that the last checkpoint covers it. */
const stopped = (audit: OpenAuditLog, log: ComposeOptions['log']): Promise<void> =>
  audit
    .append({ type: 'Stopped', invocation: '', fields: {} })
    .catch((thrown: unknown) => log.warn('the stop is not in the audit log', { cause: String(thrown) }));

/** Where people are asked, in words for the waiting agent: those places where anybody can be. */
function placesOf(channels: readonly ApprovalChannel[]): string {
  const used = channels.filter((channel) => channel.reachable().people.length > 0);
  return (used.length === 0 ? channels.slice(0, 1) : used).map(({ place }) => place).join(' or ');
}

interface Settings {
  readonly policy: string;
  readonly people: PeopleConfig;
  readonly approvals: ApprovalConfig;
}

/** In the sandbox one person can try everything: the user of this process is the owner, and may countersign at the terminal. */
function settingsOf(config: Config, { sandbox }: ComposeOptions): Settings {
  const { people, approvals } = config;
  if (!sandbox) return { policy: config.policy?.folder ?? join(packageRoot, 'policies', 'strict'), people, approvals };
  const user = processUser().username;
  const known = people.some(({ osUsers }) => osUsers.includes(user));
  const you = { id: user, groups: [], osUsers: [user], subjects: [], owns: [] };
  return {
    policy: config.policy?.folder ?? join(packageRoot, 'policies', 'sandbox'),
    people: known ? people : [...people, you],
    approvals: { ...approvals, local: 'enabled' },
  };
}

/** What the log says of a start. */
function noteStart(config: Config, audit: OpenAuditLog, bundleDigest: string): void {
  const digest = createHash('sha256')
    .update(canonicalJson(JSON.parse(JSON.stringify(config)) as Json))
    .digest('hex');
  audit.note({
    type: 'Started',
    invocation: '',
    fields: { version: ident(version), isolation: ident(config.isolation ?? 'none') },
  });
  audit.note({ type: 'ConfigLoaded', invocation: '', fields: { configDigest: ident(`sha256:${digest}`) } });
  audit.note({ type: 'PolicyLoaded', invocation: '', fields: { bundleDigest: ident(bundleDigest) } });
}
