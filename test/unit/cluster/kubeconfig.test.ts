import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type ClusterConfig, clusterConfigSchema, type EksClusterConfig } from '../../../src/cluster/config.ts';
import { connectionFor } from '../../../src/cluster/connect.ts';
import { caDigest } from '../../../src/cluster/identity.ts';
import { CountersignError } from '../../../src/domain/errors.ts';

let folder: string;
let ca: string;
let otherCa: string;
let now = 0;
const clock = { now: () => now };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-kubeconfig-'));
  ca = (await generate([{ name: 'commonName', value: 'one' }])).cert;
  otherCa = (await generate([{ name: 'commonName', value: 'two' }])).cert;
});
afterAll(() => rmSync(folder, { recursive: true }));

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const good = () => ({ server: 'https://api.example:6443', 'certificate-authority-data': base64(ca) });

function kubeconfig(cluster: object = good(), user: object = { token: 't0ken' }): string {
  const path = join(folder, 'config');
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'prod', context: { cluster: 'c', user: 'u', namespace: 'shop' } },
      { name: 'staging', context: { cluster: 'gone', user: 'u' } },
    ],
  };
  writeFileSync(path, stringify(content));
  return path;
}

function plainCluster(config: object): Exclude<ClusterConfig, EksClusterConfig> {
  const parsed = clusterConfigSchema.parse(config);
  if ('eks' in parsed) throw new Error('this is a cluster on EKS');
  return parsed;
}

const open = (path: string, changes: object = {}) =>
  connectionFor(plainCluster({ kubeconfig: path, context: 'prod', ...changes }), clock);

function refused(work: () => unknown): CountersignError {
  try {
    work();
  } catch (error) {
    if (error instanceof CountersignError) return error;
    throw error;
  }
  throw new Error('this was not refused');
}

describe('a kubeconfig', () => {
  it('is read for one named context', () => {
    const connection = open(
      kubeconfig({ ...good(), server: 'https://api.example:6443/k8s/c-1/', 'tls-server-name': 'inner' }),
    );
    expect(connection).toMatchObject({
      origin: 'https://api.example:6443',
      host: 'api.example:6443',
      basePath: '/k8s/c-1',
      namespace: 'shop',
      tls: { ca, servername: 'inner' },
    });
    expect(connection.credentials.authorization()).toBe('Bearer t0ken');
  });

  it('names the contexts that there are', () => {
    const error = refused(() => open(kubeconfig(), { context: 'production' }));
    expect(error.code).toBe('Invalid');
    expect(error.message).toContain('"production"');
    expect(error.hint).toBe('its contexts are: prod, staging');
  });

  it('must be there, and be one', () => {
    expect(refused(() => open(join(folder, 'none'))).message).toContain('cannot be read (ENOENT)');
    const path = join(folder, 'broken');
    writeFileSync(path, 'a: [b\ntoken: hunter2');
    expect(refused(() => open(path)).message).toContain('is not YAML');
    writeFileSync(path, 'contexts: hunter2');
    const error = refused(() => open(path));
    expect(error.message).toContain('malformed at contexts');
    expect(error.message).not.toContain('hunter2');
    expect(refused(() => open(kubeconfig(), { context: 'staging' })).message).toContain('"gone" that is not there');
  });

  it.each([
    ['http', { server: 'http://api.example' }, {}, 'without TLS'],
    ['http on loopback', { server: 'http://127.0.0.1:8080' }, {}, 'without TLS'],
    ['insecure TLS', { 'insecure-skip-tls-verify': true }, {}, 'insecure-skip-tls-verify'],
    ['a proxy', { 'proxy-url': 'http://proxy:3128' }, {}, 'proxy-url'],
    ['no CA', { 'certificate-authority-data': undefined }, {}, 'CA certificate'],
    ['an empty CA', { 'certificate-authority-data': base64('nothing') }, {}, 'CA certificate'],
    [
      'a credential plugin',
      {},
      { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'aws' } },
      'exec-plugin',
    ],
    ['impersonation of its own', {}, { token: 't', as: 'admin' }, 'tiers'],
    ['a password', {}, { username: 'a', password: 'b' }, 'password'],
    ['an auth-provider', {}, { 'auth-provider': { name: 'gcp' } }, 'auth-provider'],
    ['a certificate without its key', {}, { 'client-certificate-data': base64('x') }, 'without its key'],
    ['no credentials', {}, {}, 'without a token'],
  ])('with %s is refused', (_, cluster, user, words) => {
    const error = refused(() => open(kubeconfig({ ...good(), ...cluster }, user)));
    expect(error.code).toBe('Invalid');
    expect(error.message).toContain(words);
  });

  it('may have a client certificate, in files beside it', () => {
    writeFileSync(join(folder, 'client.crt'), 'CERT');
    writeFileSync(join(folder, 'client.key'), 'KEY');
    const connection = open(kubeconfig(good(), { 'client-certificate': 'client.crt', 'client-key': 'client.key' }));
    expect(connection.tls).toMatchObject({ cert: 'CERT', key: 'KEY' });
    expect(connection.credentials.authorization()).toBeUndefined();
  });

  it('may have a token file, which is read again', () => {
    writeFileSync(join(folder, 'token'), 'first\n');
    const { credentials } = open(kubeconfig(good(), { tokenFile: 'token', token: 'stale' }));
    expect(credentials.authorization()).toBe('Bearer first');
    writeFileSync(join(folder, 'token'), 'second\n');
    expect(credentials.authorization()).toBe('Bearer first');
    now += 60_000;
    expect(credentials.authorization()).toBe('Bearer second');
    writeFileSync(join(folder, 'token'), 'third\n');
    credentials.rejected();
    expect(credentials.authorization()).toBe('Bearer third');
    rmSync(join(folder, 'token'));
    now += 60_000;
    expect(refused(() => credentials.authorization()).code).toBe('Unavailable');
  });

  it('may run a credential plugin where that is allowed by name', async () => {
    const program = `
      const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
      const token = [info.kind, process.env.WHO, process.pid].join('-');
      console.log(JSON.stringify({ status: { token, expirationTimestamp: new Date(${now + 120_000}).toISOString() } }));`;
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', program],
      env: [{ name: 'WHO', value: 'me' }],
    };
    const { credentials } = open(kubeconfig(good(), { exec }), { allow: ['exec-plugin'] });
    const first = await credentials.authorization();
    expect(first).toMatch(/^Bearer ExecCredential-me-\d+$/);
    expect(credentials.authorization()).toBe(first);
    now += 61_000;
    expect(await credentials.authorization()).not.toBe(first);
    const broken = open(kubeconfig(good(), { exec: { ...exec, args: ['-e', 'console.log("hunter2")'] } }), {
      allow: ['exec-plugin'],
    });
    const error = await Promise.resolve(broken.credentials.authorization()).catch((thrown) => thrown);
    expect(error.code).toBe('Unavailable');
    expect(error.message).not.toContain('hunter2');
  });
});

describe('in a cluster', () => {
  it('takes the service account of the pod', () => {
    const pod = {
      variables: { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' },
      serviceAccountFolder: folder,
    };
    const config = plainCluster({ inCluster: true });
    rmSync(join(folder, 'token'), { force: true });
    expect(refused(() => connectionFor(config, clock, pod)).message).toContain('no service account');
    writeFileSync(join(folder, 'ca.crt'), ca);
    writeFileSync(join(folder, 'token'), 'projected');
    writeFileSync(join(folder, 'namespace'), 'countersign');
    const connection = connectionFor(config, clock, pod);
    expect(connection).toMatchObject({ origin: 'https://[fd00::1]', namespace: 'countersign', tls: { ca } });
    expect(connection.credentials.authorization()).toBe('Bearer projected');
    expect(refused(() => connectionFor(config, clock, { ...pod, variables: {} })).message).toContain(
      'does not run in a pod',
    );
  });
});

describe('the configuration of a cluster', () => {
  it.each([
    ['a kubeconfig without a context', { kubeconfig: 'x' }],
    ['a system: user', { inCluster: true, tiers: { plan: { user: 'system:admin' } } }],
    ['a system: group', { inCluster: true, tiers: { write: { user: 'w', groups: ['system:masters'] } } }],
    ['a header in a user', { inCluster: true, tiers: { write: { user: 'w\r\nimpersonate-group: x' } } }],
    ['a sandbox that is not on this machine', { sandbox: { url: 'http://10.0.0.1:80', token: 't' } }],
    ['something unknown', { inCluster: true, insecure: true }],
    ['insecure TLS by name', { kubeconfig: 'x', context: 'y', allow: ['insecure'] }],
    ['inCluster: false', { inCluster: false }],
    ['a namespace that is none', { inCluster: true, namespace: 'Shop' }],
  ])('refuses %s', (_, config) => {
    expect(clusterConfigSchema.safeParse(config).success).toBe(false);
  });
});

describe('the digest of a CA', () => {
  it('goes by the certificates, not by their order or what stands around them', () => {
    expect(caDigest(`${ca}\n# comment\n${otherCa}`)).toBe(caDigest(`${otherCa}${ca}`));
    expect(caDigest(ca)).not.toBe(caDigest(otherCa));
    expect(caDigest(ca)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('needs certificates', () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
    expect(refused(() => caDigest(broken)).code).toBe('Invalid');
  });
});
