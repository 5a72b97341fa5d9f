import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { FakeAws, noMetadata, region, roleArn } from '../../support/aws/server.ts';
import { startOidc } from '../../support/identity/oidc.ts';
import { run } from './harness.ts';

let folder: string;
const ends: (() => unknown)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-doctor-id-'));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function doctor(config: object, env: Record<string, string> = {}) {
  const file = join(folder, 'countersign.yaml');
  await writeFile(file, stringify(config));
  const own = { COUNTERSIGN_STATE: join(folder, 'state'), KUBECONFIG: join(folder, 'none'), HOME: folder, ...env };
  const { out } = await run(['doctor', '--json', '--config', file], own);
  const { findings } = JSON.parse(out) as { findings: { level: string; check: string; what: string; todo?: string }[] };
  return (check: string) =>
    findings.filter((each) => each.check === check).map(({ level, what }) => `${level} ${what}`);
}

const resource = 'https://countersign.example.com/mcp';

describe('an issuer', () => {
  const withIssuer = async (issuer: object, people: readonly object[] = []) =>
    (await doctor({ identity: { resource, issuers: [issuer] }, people }))('identity');

  it('that answers is told with its keys and the audience; who has no person behind it, too', async () => {
    const oidc = await startOidc();
    ends.push(() => oidc.close());
    const issuer = { issuer: oidc.issuer, subjects: 'people' };
    const ana = { id: 'ana@example.com', subjects: [{ issuer: oidc.issuer, subject: 'ana' }] };
    expect(await withIssuer(issuer, [ana])).toEqual([
      expect.stringMatching(/^ok \S+ \(people\) answers with [1-9]\d* keys; its tokens must be for https:/),
    ]);
    expect(await withIssuer(issuer)).toEqual([
      expect.stringMatching(/^ok /),
      expect.stringMatching(/^warn nobody under people has subjects of /),
    ]);
    expect(await withIssuer({ ...issuer, algorithms: ['EdDSA'] }, [ana])).toEqual([
      expect.stringMatching(/^FAIL .* none for EdDSA: its tokens are refused/),
    ]);
  });

  it('that is not there, or answers something else, is a fault', async () => {
    const server = createServer((_request, response) => response.end('{"keys": "none"}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const bad = /^FAIL http\S+ \(workloads\) cannot be read: .+; its tokens are refused/;
    expect(await withIssuer({ issuer, subjects: 'workloads', jwksUri: `${issuer}/keys` })).toEqual([
      expect.stringMatching(bad),
    ]);
    await new Promise((resolve) => server.close(resolve));
    expect(await withIssuer({ issuer, subjects: 'workloads' })).toEqual([expect.stringMatching(/ECONNREFUSED/)]);
  });
});

it('a profile of AWS that the roles let in is a way around, and one that they do not is none', async () => {
  const aws = new FakeAws();
  await aws.start();
  ends.push(() => aws.stop());
  aws.roles.set(roleArn('cs-plan'), (caller) => caller.endsWith(':user/admin'));
  const profile = (name: string): string => {
    const key = aws.environment(`arn:aws:iam::111122223333:user/${name}`);
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = key;
    return `[${name}]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\naws_session_token = ${token}\n`;
  };
  const shared = join(folder, 'credentials');
  await writeFile(shared, `${profile('admin')}${profile('guest')}`);
  await writeFile(
    join(folder, 'config'),
    '[profile broken]\nregion = eu-central-1\n[sso-session corp]\nsso_region = x\n',
  );
  const env = { ...noMetadata, AWS_SHARED_CREDENTIALS_FILE: shared, AWS_CONFIG_FILE: join(folder, 'config') };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const eks = { cluster: 'shop', region, endpoints: { sts: aws.url, eks: aws.url } };
  const tiers = { plan: { roleArn: roleArn('cs-plan') }, read: { roleArn: roleArn('cs-read') } };
  const found = (await doctor({ clusters: { shop: { eks, tiers } } }, env))('bypass');
  expect(found).toEqual([
    expect.stringContaining('no kubeconfig'),
    expect.stringMatching(/^warn profile admin of AWS, which this user can read, may assume arn:aws:iam::\S+cs-plan/),
    expect.stringMatching(/^ok profile guest of AWS cannot assume/),
    expect.stringMatching(/^ok profile broken of AWS cannot assume/),
  ]);
  // It was asked about both, and each was known to it.
  const callers = aws.calls.filter(({ action }) => action === 'AssumeRole').map(({ caller }) => caller?.split('/')[1]);
  expect(callers.sort()).toEqual(['admin', 'guest']);
});

it('the kubeconfig of each cluster is looked at, not of the first alone', async () => {
  const paths = ['one', 'two'].map((name) => join(folder, name));
  for (const path of paths) await writeFile(path, 'apiVersion: v1\nkind: Config\n');
  const clusters = Object.fromEntries(paths.map((kubeconfig, n) => [`c${n}`, { kubeconfig, context: 'x' }]));
  const found = (await doctor({ clusters }))('bypass');
  expect(found).toEqual(paths.map((path) => expect.stringContaining(`this user can read ${path}`)));
});
