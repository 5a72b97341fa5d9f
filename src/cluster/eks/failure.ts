import { CountersignError } from '../../domain/errors.ts';
import type { EksConfig } from './config.ts';

interface Said {
  readonly message: string;
  readonly hint: string;
}

const clock: Said = {
  message: 'AWS does not accept our signature: the clock of this machine is off',
  hint: 'tell the operator: set the clock (NTP)',
};
const throttled: Said = {
  message: 'AWS throttles our requests',
  hint: 'try again in a minute; tell the operator if it lasts: how often roles are assumed is limited for the whole account',
};
const denied: Said = {
  message: 'AWS denies it (AccessDenied)',
  hint: 'tell the operator: the trust policy must allow the base identity sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity with the external id of the configuration, and the role for plan eks:DescribeCluster; countersign doctor says which, docs/eks.md has the policies',
};
const badBase: Said = {
  message: 'AWS does not accept the base credentials of this process',
  hint: 'tell the operator: they are wrong or have expired; countersign doctor says whose they are',
};
const noBase: Said = {
  message: 'this process has no AWS credentials',
  hint: 'tell the operator: give its service account a role (IRSA or EKS Pod Identity, docs/eks.md), or a profile',
};
const slow: Said = {
  message: 'AWS did not answer in time',
  hint: 'nothing was changed; try again later, or tell the operator to look at the way to the AWS services',
};
const unreachable: Said = {
  message: 'AWS cannot be reached',
  hint: 'nothing was changed; tell the operator to look at the way to the AWS services (VPC endpoints, DNS)',
};
const noRegion: Said = {
  message: 'AWS STS is not enabled in this region',
  hint: 'tell the operator: enable the region for the account of the role',
};

/** By the names of the error classes: what AWS writes in messages names accounts and policies. */
const byName: ReadonlyMap<string, Said> = new Map([
  ...['Throttling', 'ThrottlingException', 'RequestLimitExceeded', 'TooManyRequestsException', 'SlowDown'].map(
    (name) => [name, throttled] as const,
  ),
  ...['AccessDenied', 'AccessDeniedException'].map((name) => [name, denied] as const),
  ...[
    'ExpiredToken',
    'ExpiredTokenException',
    'InvalidClientTokenId',
    'UnrecognizedClientException',
    'InvalidIdentityToken',
    'InvalidIdentityTokenException',
  ].map((name) => [name, badBase] as const),
  ...[
    'RequestTimeTooSkewed',
    'RequestExpired',
    'RequestInTheFuture',
    'SignatureDoesNotMatch',
    'InvalidSignatureException',
  ].map((name) => [name, clock] as const),
  ...['TimeoutError', 'AbortError', 'RequestTimeout', 'RequestTimeoutException'].map((name) => [name, slow] as const),
  ['CredentialsProviderError', noBase],
  ['RegionDisabledException', noRegion],
]);
const unreachableCodes = new Set([
  'ENOTFOUND',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

/** What went wrong with AWS in our own words, with what to do; the AWS text stays in the cause, for the operator's log. */
export function awsFailure(thrown: unknown, what: string, config: EksConfig): CountersignError {
  if (thrown instanceof CountersignError) return thrown;
  const name = thrown instanceof Error ? thrown.name : '';
  if (name === 'ResourceNotFoundException')
    return new CountersignError(
      'Invalid',
      `there is no EKS cluster ${config.cluster} in ${config.region} that this role can see`,
      {
        hint: 'tell the operator: correct eks.cluster, eks.region or the role of the tier plan',
        cause: thrown,
      },
    );
  const said = byName.get(name) ?? byName.get(codeOf(thrown)) ?? reach(thrown) ?? other(name);
  return new CountersignError('Unavailable', `${said.message}: ${what} (${config.cluster}, ${config.region})`, {
    hint: said.hint,
    cause: thrown,
  });
}

const reach = (thrown: unknown): Said | undefined => (unreachableCodes.has(codeOf(thrown)) ? unreachable : undefined);

const other = (name: string): Said => ({
  message: `AWS refuses (${/^[A-Za-z]{1,60}$/.test(name) ? name : 'without a name'})`,
  hint: 'tell the operator: the operational log has what AWS says',
});

function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return '';
  const { code, Code, cause } = thrown as { code?: unknown; Code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  if (typeof Code === 'string') return Code;
  return cause === undefined ? '' : codeOf(cause);
}
