import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clusterConfigSchema, type EksClusterConfig } from '../../../../src/cluster/config.ts';
import { createAws } from '../../../../src/cluster/eks/aws.ts';
import { eksEntrance } from '../../../../src/cluster/eks/entrance.ts';
import { eksToken } from '../../../../src/cluster/eks/token.ts';
import type { RequestContext } from '../../../../src/domain/cluster.ts';
import { CountersignError } from '../../../../src/domain/errors.ts';
import { callerOf } from '../../../support/aws/api-proxy.ts';
import { account, FakeAws, noMetadata, region, roleArn, tagsOf } from '../../../support/aws/server.ts';
import { makeCertificates } from '../../../support/control-plane/certificates.ts';

const { caCert } = await makeCertificates({ user: 'u', group: 'g' });
const arn = `arn:aws:eks:${region}:${account}:cluster/shop`;
const issuer = 'https://login.example.com/realms/ops';
let aws: FakeAws;
let now: number;
const clock = { now: () => now };

beforeEach(async () => {
  now = Date.now();
  aws = new FakeAws();
  await aws.start();
  for (const tier of ['plan', 'read', 'write']) aws.roles.set(roleArn(`cs-${tier}`), () => true);
  aws.clusters.set('shop', { arn, endpoint: 'https://shop.eks.example', ca: caCert });
  environment(aws.environment());
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
});

function environment(variables: Readonly<Record<string, string>>): void {
  vi.unstubAllEnvs();
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

function configured(changes: object = {}): EksClusterConfig {
  const tier = (name: string) => ({ roleArn: roleArn(`cs-${name}`), user: `countersign-${name}` });
  const parsed = clusterConfigSchema.parse({
    eks: { cluster: 'shop', region, endpoints: { sts: aws.url, eks: aws.url }, ...changes },
    tiers: { plan: tier('plan'), read: tier('read'), write: tier('write') },
  });
  if (!('eks' in parsed)) throw new Error('not EKS');
  return parsed;
}
const open = (changes: object = {}) => eksEntrance(configured(changes), clock);
const context = (changes: Partial<RequestContext> = {}): RequestContext => ({
  ...{ invocation: 'i', agent: 'deploy-bot', issuer, subject: 'deploy-bot', person: 'li@example.com' },
  ...{ nextAuditId: async () => 'a', signal: new AbortController().signal },
  ...changes,
});
const header = async (tier: 'plan' | 'read' | 'write', changes: Partial<RequestContext> = {}, entrance = open()) =>
  String(await entrance.credentials(tier)?.authorization(context(changes)));
const failure = async (work: () => unknown): Promise<CountersignError> => {
  const thrown = await (async () => work())().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof CountersignError) return thrown;
  throw new Error(`not refused: ${String(thrown)}`);
};
const assumed = () => aws.calls.filter(({ action }) => action === 'AssumeRole');

describe('the token', () => {
  it('is taken by who verifies it from the specification, for its own cluster and its own role', async () => {
    const token = await header('read');
    expect(callerOf(aws, 'shop', token)).toMatch(
      new RegExp(`^arn:aws:sts::${account}:assumed-role/cs-read/countersign-deploy-bot-[0-9a-f]{10}$`),
    );
    expect(callerOf(aws, 'another', token)).toBeUndefined();
    expect(callerOf(aws, 'shop', `${token.slice(0, -2)}AA`)).toBeUndefined();
    aws.clockAhead = 16 * 60_000;
    expect(callerOf(aws, 'shop', token)).toBeUndefined();
  });

  it('goes to the partition of its region', async () => {
    const key = { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't', expiresAt: 0 };
    const token = await eksToken({ cluster: 'shop', region: 'cn-north-1' }, key, 0);
    expect(Buffer.from(token.slice(11), 'base64url').toString()).toMatch(
      /^https:\/\/sts\.cn-north-1\.amazonaws\.com\.cn\/\?Action=/,
    );
  });
});

describe('a role session', () => {
  it('tells AWS for whom it is: name, tags, source identity, external id', async () => {
    await header('write', { approval: 'cs-7f3k2m' }, open({ externalId: 'shop-42' }));
    const [call] = assumed();
    expect(call?.parameters).toMatchObject({
      RoleArn: roleArn('cs-write'),
      RoleSessionName: expect.stringMatching(/^countersign-deploy-bot-cs-7f3k2m-[0-9a-f]{10}$/),
      SourceIdentity: 'deploy-bot',
      ExternalId: 'shop-42',
      DurationSeconds: '900',
    });
    expect(tagsOf(call!)).toEqual({
      'countersign:agent': 'deploy-bot',
      'countersign:issuer': issuer,
      'countersign:person': 'li@example.com',
      'countersign:approval': 'cs-7f3k2m',
    });
  });

  it('takes any name of an agent, and keeps two that look alike apart', async () => {
    const entrance = open();
    for (const agent of ['ä\n<script>'.repeat(40), `${'x'.repeat(300)}1`, `${'x'.repeat(300)}2`, 'aws:agent', '..'])
      await header('read', { agent }, entrance);
    const names = assumed().map(({ parameters }) => parameters.RoleSessionName);
    expect(new Set(names).size).toBe(5);
    expect(new Set(assumed().map((call) => tagsOf(call)['countersign:agent'])).size).toBe(5);
    expect(new Set(assumed().map(({ parameters }) => parameters.SourceIdentity)).size).toBe(5);
  });

  it('is shared by the reads of one agent, and by nobody else; a change has one of its own for each approval', async () => {
    const entrance = open();
    await Promise.all(Array.from({ length: 20 }, () => header('read', {}, entrance)));
    expect(assumed()).toHaveLength(1);
    await header('read', { agent: 'other-bot' }, entrance);
    await header('read', { person: 'bo@example.com' }, entrance);
    await header('write', { approval: 'cs-aaaaaa' }, entrance);
    await header('write', { approval: 'cs-bbbbbb' }, entrance);
    await header('write', { approval: '' }, entrance);
    expect(assumed()).toHaveLength(6);
    expect(tagsOf(assumed()[5]!)).toMatchObject({ 'countersign:approval': 'policy' });
  });

  it('is renewed ahead of time without a call that waits, and once for all', async () => {
    const entrance = open();
    const first = await header('read', {}, entrance);
    now += 11 * 60_000;
    const waiting = Array.from({ length: 10 }, () => entrance.credentials('read')?.authorization(context()));
    expect(waiting).toEqual(Array(10).fill(first));
    await vi.waitFor(() => expect(assumed()).toHaveLength(2));
    await vi.waitFor(() => expect(entrance.credentials('read')?.authorization(context())).not.toBe(first));
    expect(assumed()).toHaveLength(2);
  });

  it('goes on with what it has while AWS is down, and not beyond its end', async () => {
    const entrance = open();
    const first = await header('read', {}, entrance);
    aws.fault = () => ({ status: 403, code: 'AccessDenied' });
    now += 11 * 60_000;
    expect(await header('read', {}, entrance)).toBe(first);
    now += 4 * 60_000;
    expect((await failure(() => entrance.credentials('read')?.authorization(context()))).code).toBe('Unavailable');
  });

  it('is forgotten when the API server does not take it', async () => {
    const entrance = open();
    await header('read', {}, entrance);
    entrance.credentials('read')?.rejected(context());
    await header('read', {}, entrance);
    expect(assumed()).toHaveLength(2);
  });
});

describe('the cluster', () => {
  it('is looked up with the planning role, once', async () => {
    const entrance = open();
    expect(entrance.host).toBe(`shop, EKS ${region}`);
    const [found] = await Promise.all([entrance.reach(), entrance.reach()]);
    expect(found).toMatchObject({ origin: 'https://shop.eks.example', tls: { ca: caCert }, arn });
    await entrance.reach();
    const described = aws.calls.filter(({ action }) => action === 'DescribeCluster');
    expect(described.map(({ caller }) => caller)).toEqual([expect.stringContaining('assumed-role/cs-plan/')]);
    expect(entrance.host).toBe('shop.eks.example');
  });

  it.each([
    ['of another account', { arn: arn.replace(account, '999999999999') }, 'another cluster'],
    ['of another region', { arn: arn.replace(region, 'us-east-1') }, 'another cluster'],
    ['without TLS', { endpoint: 'http://shop.eks.example' }, 'not an https address'],
    ['with something else for a CA', { ca: 'none' }, 'no endpoint'],
  ])('is refused %s', async (_, change, said) => {
    aws.clusters.set('shop', { arn, endpoint: 'https://shop.eks.example', ca: caCert, ...change });
    expect((await failure(() => open().reach())).message).toContain(said);
  });

  it('that is not there is named', async () => {
    aws.clusters.clear();
    expect((await failure(() => open().reach())).message).toContain(`no EKS cluster shop in ${region}`);
  });
});

describe('what goes wrong with AWS says what to do', () => {
  it.each([
    ['throttled', 'Throttling', 'throttles', 'try again in a minute'],
    ['denied', 'AccessDenied', 'denies', 'sts:TagSession'],
    ['with an ended key', 'ExpiredToken', 'base credentials', 'expired'],
    ['with a clock that is off', 'RequestExpired', 'clock', 'NTP'],
    ['in a region without STS', 'RegionDisabledException', 'not enabled', 'region'],
    ['for a reason nobody knows', 'SomethingElse', 'SomethingElse', 'operational log'],
  ])('%s', async (_, code, message, hint) => {
    aws.fault = () => ({ status: 400, code });
    const error = await failure(() => open().credentials('read')?.authorization(context()));
    expect(error).toMatchObject({ code: 'Unavailable', message: expect.stringContaining(message) });
    expect(error.hint).toContain(hint);
    expect(aws.calls.length).toBeLessThanOrEqual(3);
  });

  it('slow: a deadline', async () => {
    aws.fault = () => ({ hangs: true });
    const error = await failure(() => open().credentials('read')?.authorization(context()));
    expect(error).toMatchObject({ code: 'Unavailable', message: expect.stringContaining('in time') });
  }, 15_000);

  it('unreachable, and without credentials', async () => {
    const away = open({ endpoints: { sts: 'http://127.0.0.1:9', eks: 'http://127.0.0.1:9' } });
    expect((await failure(() => away.credentials('read')?.authorization(context()))).message).toContain(
      'cannot be reached',
    );
    environment(noMetadata);
    expect((await failure(() => open().credentials('read')?.authorization(context()))).message).toContain(
      'no AWS credentials',
    );
  });

  it('a clock that AWS corrects for us would sign tokens that nobody takes', async () => {
    aws.clockAhead = 10 * 60_000;
    const error = await failure(() => open().credentials('read')?.authorization(context()));
    expect(error.message).toContain('10 minutes off');
  });
});

describe('base credentials', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cs-eks-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('of a service account (IRSA)', async () => {
    const file = join(folder, 'token');
    await writeFile(file, 'projected-token');
    aws.webIdentities.set(roleArn('countersign'), 'projected-token');
    environment({ ...noMetadata, AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: roleArn('countersign') });
    expect(callerOf(aws, 'shop', await header('read'))).toContain('assumed-role/cs-read/');
    expect(assumed()[0]?.caller).toContain('assumed-role/countersign/');
    await writeFile(file, 'somebody-elses');
    expect((await failure(() => open().credentials('read')?.authorization(context()))).code).toBe('Unavailable');
  });

  it('of EKS Pod Identity', async () => {
    const file = join(folder, 'token');
    await writeFile(file, 'pod-token');
    aws.podIdentity = { token: 'pod-token', arn: `arn:aws:sts::${account}:assumed-role/countersign/pod` };
    environment({
      ...noMetadata,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
    });
    expect(callerOf(aws, 'shop', await header('read'))).toContain('assumed-role/cs-read/');
    expect(await createAws(configured().eks).caller()).toBe(aws.podIdentity.arn);
  });
});

describe('the configuration', () => {
  it('refuses one role for two tiers, roles that are none, and addresses without TLS', () => {
    const same = { plan: { roleArn: roleArn('one') }, read: { roleArn: roleArn('one') } };
    const eks = { cluster: 'shop', region };
    expect(() => clusterConfigSchema.parse({ eks, tiers: same })).toThrow('a role of its own');
    const two = { plan: { roleArn: roleArn('one') }, read: { roleArn: 'arn:aws:iam::1:user/x' } };
    expect(() => clusterConfigSchema.parse({ eks, tiers: two })).toThrow('ARN of a role');
    const good = { plan: { roleArn: roleArn('one') }, read: { roleArn: roleArn('two') } };
    const plain = { ...eks, endpoints: { sts: 'http://sts.example.com' } };
    expect(() => clusterConfigSchema.parse({ eks: plain, tiers: good })).toThrow('https');
    expect(() => clusterConfigSchema.parse({ eks, tiers: good })).not.toThrow();
  });
});
