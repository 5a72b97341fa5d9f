import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Clock } from '../domain/environment.ts';
import { type CountersignError, invalid } from '../domain/errors.ts';
import type { Connection, Credentials, TlsMaterial } from './connection.ts';
import { fixedToken, noToken, tokenFile } from './credentials.ts';
import { execPlugin } from './exec-plugin.ts';

export interface KubeconfigChoice {
  readonly kubeconfig: string;
  readonly context: string;
  readonly allow: readonly 'exec-plugin'[];
}

const text = z.string().optional();
const clusterSchema = z.looseObject({
  server: z.string(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().optional(),
  'proxy-url': text,
  'tls-server-name': text,
});
const userSchema = z.looseObject({
  token: text,
  tokenFile: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  username: text,
  as: text,
  'auth-provider': z.unknown().optional(),
  exec: z
    .looseObject({
      apiVersion: z.string(),
      command: z.string(),
      args: z.array(z.string()).nullish(),
      env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
    })
    .optional(),
});
const contextSchema = z.looseObject({ cluster: z.string(), user: z.string(), namespace: text });
const fileSchema = z.looseObject({
  clusters: z.array(z.object({ name: z.string(), cluster: clusterSchema })).default([]),
  users: z.array(z.object({ name: z.string(), user: userSchema.nullish() })).default([]),
  contexts: z.array(z.object({ name: z.string(), context: contextSchema })).default([]),
});
type ClusterEntry = z.output<typeof clusterSchema>;
type UserEntry = z.output<typeof userSchema>;

/**
 * One named context of a kubeconfig, read by ourselves: the client library costs most of a second at start.
 * https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 * @throws Invalid for what is missing, and for everything that would weaken the connection
 */
export function readKubeconfig(choice: KubeconfigChoice, clock: Clock): Connection {
  const path = expandHome(choice.kubeconfig);
  const file = parseFile(path);
  const context = file.contexts.find((each) => each.name === choice.context)?.context;
  if (context === undefined) {
    const names = file.contexts.map((each) => each.name);
    throw invalid(
      `the kubeconfig has no context ${JSON.stringify(choice.context)}`,
      names.length === 0 ? 'it has no contexts at all' : `its contexts are: ${names.join(', ')}`,
    );
  }
  const cluster = file.clusters.find((each) => each.name === context.cluster)?.cluster;
  if (cluster === undefined) throw bad(choice, `names a cluster ${JSON.stringify(context.cluster)} that is not there`);
  const user = file.users.find((each) => each.name === context.user)?.user ?? undefined;
  if (user === undefined) throw bad(choice, `names a user ${JSON.stringify(context.user)} that is not there`);
  const folder = dirname(resolve(path));
  const url = checkServer(cluster, choice);
  return {
    origin: url.origin,
    host: url.host,
    basePath: url.pathname.replace(/\/+$/, ''),
    tls: tlsOf(cluster, user, folder, choice),
    credentials: credentialsOf(user, folder, path, choice, clock),
    namespace: context.namespace === '' ? undefined : context.namespace,
  };
}

function parseFile(path: string): z.output<typeof fileSchema> {
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    // neither the parser's text, which quotes the file, nor the system's
    const code = cause instanceof Error && 'errno' in cause && 'code' in cause ? String(cause.code) : undefined;
    const why = code === undefined ? 'is not YAML' : `cannot be read (${code})`;
    throw invalid(`the kubeconfig ${path} ${why}`, 'give the path of a kubeconfig in the configuration');
  }
  const parsed = fileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw invalid(`the kubeconfig ${path} is malformed at ${where === '' ? 'its root' : where}`);
}

function checkServer(cluster: ClusterEntry, choice: KubeconfigChoice): URL {
  const url = URL.canParse(cluster.server) ? new URL(cluster.server) : undefined;
  if (url === undefined) throw bad(choice, 'has a server that is not a URL');
  if (url.protocol !== 'https:') throw bad(choice, 'has a server without TLS, which is never allowed');
  if (cluster['insecure-skip-tls-verify'] === true) {
    throw bad(choice, 'has insecure-skip-tls-verify, which is never allowed: give certificate-authority-data');
  }
  if (cluster['proxy-url'] !== undefined) throw bad(choice, 'has a proxy-url, which is not supported');
  return url;
}

function tlsOf(cluster: ClusterEntry, user: UserEntry, folder: string, choice: KubeconfigChoice): TlsMaterial {
  const ca = pem(cluster['certificate-authority-data'], cluster['certificate-authority'], folder);
  if (ca === undefined || !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw bad(choice, 'names no CA certificate: it is pinned, so certificate-authority(-data) must be there');
  }
  const cert = pem(user['client-certificate-data'], user['client-certificate'], folder);
  const key = pem(user['client-key-data'], user['client-key'], folder);
  if ((cert === undefined) !== (key === undefined)) {
    throw bad(choice, 'has a client certificate without its key, or a key without its certificate');
  }
  return { ca, cert, key, servername: cluster['tls-server-name'] };
}

function credentialsOf(
  user: UserEntry,
  folder: string,
  path: string,
  choice: KubeconfigChoice,
  clock: Clock,
): Credentials {
  if (user.as !== undefined) {
    throw bad(choice, 'impersonates (as); say whom to impersonate in the configuration: tiers');
  }
  if (user['auth-provider'] !== undefined) throw bad(choice, 'has an auth-provider, which Kubernetes has removed');
  if (user.username !== undefined) throw bad(choice, 'has a password, which Kubernetes has removed');
  if (user.exec !== undefined) {
    if (!choice.allow.includes('exec-plugin')) {
      throw bad(choice, 'runs a credential plugin (exec); allow it with `allow: [exec-plugin]` if you trust the file');
    }
    const { apiVersion, command, args, env } = user.exec;
    const variables = Object.fromEntries((env ?? []).map((each) => [each.name, each.value]));
    return execPlugin({ apiVersion, command, args: args ?? [], env: variables, kubeconfig: path }, clock);
  }
  // client-go prefers the file, because it is the one that is renewed
  if (user.tokenFile !== undefined && user.tokenFile !== '') return tokenFile(inFolder(user.tokenFile, folder), clock);
  if (user.token !== undefined && user.token !== '') return fixedToken(user.token);
  if (user['client-certificate'] === undefined && user['client-certificate-data'] === undefined) {
    throw bad(choice, 'has a user without a token or client certificate');
  }
  return noToken;
}

function pem(data: string | undefined, path: string | undefined, folder: string): string | undefined {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString('utf8');
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(inFolder(path, folder), 'utf8');
  } catch {
    throw invalid(`the kubeconfig names a file that cannot be read: ${path}`);
  }
}

const inFolder = (path: string, folder: string): string => (isAbsolute(path) ? path : join(folder, path));
const expandHome = (path: string): string => (path.startsWith('~/') ? join(homedir(), path.slice(2)) : path);
const bad = (choice: KubeconfigChoice, what: string): CountersignError =>
  invalid(`context ${JSON.stringify(choice.context)} of the kubeconfig ${what}`);
