/**
 * The one configuration, `countersign.yaml`: `--config`, else `COUNTERSIGN_CONFIG`, else everything at its default. It is never
 * looked for in the working directory, which belongs to whatever repository an agent works in.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type Fault, faultsOf } from './config/issues.ts';
import { type Config, configSchema } from './config/schema.ts';
import { isSecretReference, readSecret } from './config/secret.ts';
import { parseYaml } from './config/yaml.ts';
import { CountersignError } from './domain/errors.ts';
import { compilePatterns, PatternFault } from './masking/patterns-own.ts';
import { resolveStateRoot } from './state/root.ts';

export type { Config } from './config/schema.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute; undefined: no file, all defaults. */
  readonly file: string | undefined;
}

/** The file that is in force. A relative name is against the working directory, as the person who typed it means it. */
export const configPath = (option: string | undefined, env: Env): string | undefined => {
  const named = option ?? (env.COUNTERSIGN_CONFIG === '' ? undefined : env.COUNTERSIGN_CONFIG);
  return named === undefined ? undefined : resolve(named);
};

/** @throws Invalid with each fault and its path, in `lines`; also when a named file is not there */
export async function loadConfig(option: string | undefined, env: Env): Promise<LoadedConfig> {
  const file = configPath(option, env);
  if (file === undefined) return { config: checked({}, 'the defaults'), file };
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw badConfig(file, [`the file cannot be read (${cause instanceof Error ? cause.message : String(cause)})`]);
  });
  const config = checked(
    parseYaml(text, (faults) => badConfig(file, faults)),
    file,
  );
  await checkPatterns(config, file);
  return { config: located(config, file, env), file };
}

/** What only the engine of patterns can tell: whether each is one, and what it costs. */
async function checkPatterns({ masking }: Config, file: string): Promise<void> {
  try {
    await compilePatterns(masking.patterns);
  } catch (thrown) {
    if (!(thrown instanceof PatternFault)) throw thrown;
    throw badConfig(file, [`masking.patterns.${thrown.index}: ${thrown.message}`]);
  }
}

function checked(value: unknown, file: string): Config {
  const result = configSchema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw badConfig(file, faultsOf(result.error.issues, Object.keys(configSchema.shape)));
}

const badConfig = (file: string, faults: readonly Fault[]): CountersignError =>
  new CountersignError('Invalid', `The configuration ${file} is not valid: ${faults[0] ?? 'unknown fault'}`, {
    lines: faults.slice(1),
    data: { file, faults },
    hint: 'tell the operator: correct the file and run `countersign doctor`',
  });

/** The state directory; everything of one configuration shares it. @throws Invalid for a relative COUNTERSIGN_STATE */
export const stateRoot = (config: Config, env: Env): string => config.state?.directory ?? resolveStateRoot(env);

/** Paths are relative to the file that names them; references to secrets become the secrets. */
function located(config: Config, file: string, env: Env): Config {
  const folder = dirname(file);
  const clusters = Object.entries(config.clusters).map(([name, cluster]) => {
    if ('kubeconfig' in cluster)
      return [name, { ...cluster, kubeconfig: absolute(cluster.kubeconfig, folder) }] as const;
    if (!('sandbox' in cluster)) return [name, cluster] as const;
    const token = secretAt(`clusters.${name}.sandbox.token`, cluster.sandbox.token, file, env);
    return [name, { ...cluster, sandbox: { ...cluster.sandbox, token } }] as const;
  });
  return {
    ...config,
    clusters: Object.fromEntries(clusters),
    identity: identityLocated(config.identity, file, env),
    approvals: { ...config.approvals, slack: slackLocated(config.approvals.slack, file, env) },
    audit: auditLocated(config.audit, file, env),
    http: httpLocated(config.http, file, env),
    ...(config.policy === undefined ? {} : { policy: { folder: absolute(config.policy.folder, folder) } }),
    ...(config.state === undefined ? {} : { state: { directory: absolute(config.state.directory, folder) } }),
  };
}

function identityLocated(identity: Config['identity'], file: string, env: Env): Config['identity'] {
  const path = (name: string | undefined): string | undefined => name && absolute(name, dirname(file));
  const issuers = identity.issuers.map((issuer, index) => {
    const { introspection, ca, tokenFile } = issuer;
    const at = `identity.issuers.${index}.introspection.clientSecret`;
    const located = { ...issuer, ca: path(ca), tokenFile: path(tokenFile) };
    if (introspection === undefined) return located;
    const clientSecret = secretAt(at, introspection.clientSecret, file, env);
    return { ...located, introspection: { ...introspection, clientSecret } };
  });
  return { ...identity, issuers };
}

function auditLocated(audit: Config['audit'], file: string, env: Env): Config['audit'] {
  const { key, sinks } = audit.checkpoints;
  const secret = (name: string, reference: string | undefined): string | undefined =>
    reference && secretAt(`audit.checkpoints.${name}`, reference, file, env);
  const located = sinks.map((sink, index) => {
    if ('file' in sink) return sink;
    const authorization = secret(`sinks.${index}.authorization`, sink.authorization);
    return { ...sink, authorization, ca: sink.ca && absolute(sink.ca, dirname(file)) };
  });
  return { ...audit, checkpoints: { ...audit.checkpoints, key: secret('key', key), sinks: located } };
}

/** Certificate files are relative to the configuration too. */
function httpLocated(http: Config['http'], file: string, env: Env): Config['http'] {
  const folder = dirname(file);
  const { tls, metricsToken } = http;
  return {
    ...http,
    ...(tls === undefined ? {} : { tls: { cert: absolute(tls.cert, folder), key: absolute(tls.key, folder) } }),
    ...(metricsToken === undefined ? {} : { metricsToken: secretAt('http.metricsToken', metricsToken, file, env) }),
  };
}

type SlackConfig = Config['approvals']['slack'];

function slackLocated(slack: SlackConfig, file: string, env: Env): SlackConfig {
  if (slack === undefined) return undefined;
  const secret = (name: 'botToken' | 'appToken' | 'signingSecret'): string | undefined => {
    const reference = slack[name];
    return reference === undefined ? undefined : secretAt(`approvals.slack.${name}`, reference, file, env);
  };
  return {
    ...slack,
    botToken: secretAt('approvals.slack.botToken', slack.botToken, file, env),
    appToken: secret('appToken'),
    signingSecret: secret('signingSecret'),
  };
}

function absolute(path: string, folder: string): string {
  if (path.startsWith('~/')) return join(homedir(), path.slice(2));
  return isAbsolute(path) ? path : resolve(folder, path);
}

function secretAt(path: string, value: string, file: string, env: Env): string {
  if (!isSecretReference(value))
    throw badConfig(file, [`${path}: a secret is never a value here: give env:NAME or file:PATH`]);
  try {
    return readSecret(value, dirname(file), env);
  } catch (thrown) {
    throw badConfig(file, [`${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`]);
  }
}
