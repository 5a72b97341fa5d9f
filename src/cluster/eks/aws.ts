import type { EKSClient } from '@aws-sdk/client-eks';
import type { STSClient } from '@aws-sdk/client-sts';
import { CountersignError } from '../../domain/errors.ts';
import type { EksConfig } from './config.ts';
import { awsFailure } from './failure.ts';

/** Of one role session. Held in memory only, never logged. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** AssumeRole, in its own words. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
interface RoleSession {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly sourceIdentity: string | undefined;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
}

/** What DescribeCluster says. */
export interface DescribedCluster {
  readonly arn: string;
  readonly endpoint: string;
  /** PEM. */
  readonly ca: string;
}

/** The three questions that AWS is asked. Each answers or throws within 8 s, tries included. */
export interface Aws {
  /** With the base credentials of the default chain. @throws Unavailable */
  assume(session: RoleSession): Promise<RoleCredentials>;
  /** @throws Unavailable, Invalid when there is no such cluster */
  describe(credentials: RoleCredentials): Promise<DescribedCluster>;
  /** The ARN of the base identity, for `doctor`. @throws Unavailable */
  caller(): Promise<string>;
}

const deadlineMs = 8_000;
/** The SDK goes by the server's clock once it is this far away; tokens that are signed here would not. */
const mostSkewMs = 4 * 60_000;

/**
 * The SDKs are loaded at the first question: a server that never asks AWS does not pay for them. `profile`: of the shared files of
 * AWS, instead of the default chain.
 */
export function createAws(config: EksConfig, profile?: string): Aws {
  let loading: Promise<Clients> | undefined;
  const clients = (): Promise<Clients> => {
    loading ??= loadClients(config, profile);
    return loading;
  };
  return {
    assume: (session) => ask(config, `assume ${session.roleArn}`, async () => assume(await clients(), config, session)),
    describe: (credentials) =>
      ask(config, 'describe the cluster', async () => describe(await clients(), config, credentials)),
    caller: () =>
      ask(config, 'say who we are', async () => {
        const { sts, sdk } = await clients();
        const answer = await sts.send(new sdk.GetCallerIdentityCommand({}), deadline());
        return answer.Arn ?? '';
      }),
  };
}

interface Clients {
  readonly sts: STSClient;
  readonly eks: (credentials: RoleCredentials) => EKSClient;
  readonly sdk: typeof import('./sdk.ts');
}

async function loadClients({ region, endpoints }: EksConfig, profile: string | undefined): Promise<Clients> {
  const sdk = await import('./sdk.ts');
  const bounded = {
    region,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 4_000, throwOnRequestTimeout: true },
  };
  const stsConfig = { ...bounded, ...(endpoints?.sts === undefined ? {} : { endpoint: endpoints.sts }) };
  const chain = { clientConfig: stsConfig, timeout: 2_000, maxRetries: 1 };
  const base = sdk.fromNodeProviderChain(profile === undefined ? chain : { ...chain, profile });
  return {
    sts: new sdk.STSClient({ ...stsConfig, credentials: base }),
    eks: (credentials) =>
      new sdk.EKSClient({
        ...bounded,
        credentials,
        ...(endpoints?.eks === undefined ? {} : { endpoint: endpoints.eks }),
      }),
    sdk,
  };
}

async function assume({ sts, sdk }: Clients, config: EksConfig, session: RoleSession): Promise<RoleCredentials> {
  const { Credentials: found } = await sts.send(
    new sdk.AssumeRoleCommand({
      RoleArn: session.roleArn,
      RoleSessionName: session.sessionName,
      DurationSeconds: config.sessionSeconds,
      Tags: [...session.tags],
      ...(session.sourceIdentity === undefined ? {} : { SourceIdentity: session.sourceIdentity }),
      ...(config.externalId === undefined ? {} : { ExternalId: config.externalId }),
    }),
    deadline(),
  );
  const skew = Math.abs(sts.config.systemClockOffset);
  if (skew > mostSkewMs) throw skewed(skew);
  if (!found?.AccessKeyId || !found.SecretAccessKey || !found.SessionToken || !found.Expiration)
    throw new CountersignError('Unavailable', 'AWS STS answered without credentials');
  return {
    accessKeyId: found.AccessKeyId,
    secretAccessKey: found.SecretAccessKey,
    sessionToken: found.SessionToken,
    expiresAt: found.Expiration.getTime(),
  };
}

async function describe(
  { eks, sdk }: Clients,
  { cluster: name }: EksConfig,
  credentials: RoleCredentials,
): Promise<DescribedCluster> {
  const client = eks(credentials);
  try {
    const { cluster } = await client.send(new sdk.DescribeClusterCommand({ name }), deadline());
    const { arn, endpoint, certificateAuthority } = cluster ?? {};
    const ca = Buffer.from(certificateAuthority?.data ?? '', 'base64').toString('utf8');
    if (arn === undefined || endpoint === undefined || !ca.includes('-----BEGIN CERTIFICATE-----'))
      throw new CountersignError(
        'Unavailable',
        `EKS names no endpoint of cluster ${name} (${cluster?.status ?? 'no status'})`,
        {
          hint: 'tell the operator: wait until the cluster is active',
        },
      );
    return { arn, endpoint, ca };
  } finally {
    client.destroy();
  }
}

const deadline = (): { abortSignal: AbortSignal } => ({ abortSignal: AbortSignal.timeout(deadlineMs) });

/** The credential providers of the chain take no signal: the whole question has the deadline. */
async function ask<T>(config: EksConfig, what: string, question: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new DOMException('too late', 'TimeoutError')), deadlineMs);
    over.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  try {
    return await Promise.race([question(), late]);
  } catch (thrown) {
    throw awsFailure(thrown, what, config);
  } finally {
    over.abort();
  }
}

const skewed = (milliseconds: number): CountersignError =>
  new CountersignError(
    'Unavailable',
    `the clock of this machine is ${Math.round(milliseconds / 60_000)} minutes off that of AWS`,
    {
      hint: 'tell the operator: set the clock (NTP); tokens that are signed with it are not accepted',
    },
  );
