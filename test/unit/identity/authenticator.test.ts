import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireScope } from '../../../src/domain/identity.ts';
import { authenticatorOf, claimsOf, clockAt, presented, refused } from '../../support/identity/authenticator.ts';
import { type Oidc, resource, robot, startOidc } from '../../support/identity/oidc.ts';

let oidc: Oidc;
beforeAll(async () => {
  oidc = await startOidc();
});
afterAll(() => oidc.close());

describe('a token of a person', () => {
  it('names the person, the client as the agent, and the groups', async () => {
    const token = await oidc.token({ person: 'ana', groups: ['sre', 'Équipe'] });
    const caller = await authenticatorOf(oidc).authenticate(presented(token));
    expect(caller.principal).toEqual({
      issuer: oidc.issuer,
      subject: 'ana',
      client: 'agent',
      agent: 'agent',
      groups: ['sre', 'Équipe'],
      person: 'ana@example.com',
      verified: true,
    });
    expect(caller.scopes).toEqual(['countersign:read', 'countersign:write', 'countersign:exec']);
    expect(caller.expiresAt).toBeGreaterThan(Date.now());
  });

  it('names the actor as the agent where there is one', async () => {
    const token = await oidc.token({ person: 'ana', act: 'deploy-bot' });
    const { principal } = await authenticatorOf(oidc).authenticate(presented(token));
    expect(principal).toMatchObject({
      subject: 'ana',
      agent: 'deploy-bot',
      client: 'agent',
      person: 'ana@example.com',
    });
  });

  it('is of nobody where the registry does not know the subject', async () => {
    const token = await oidc.token({ person: 'somebody' });
    const { principal } = await authenticatorOf(oidc).authenticate(presented(token));
    expect(principal).not.toHaveProperty('person');
  });

  it('may be opaque: then its issuer is asked, and again after 30 seconds', async () => {
    const clock = clockAt();
    const authenticator = authenticatorOf(oidc, { clock });
    const token = await oidc.token({ person: 'ana', opaque: true, scope: 'countersign:read' });
    const caller = await authenticator.authenticate(presented(token));
    expect(caller).toMatchObject({
      principal: { person: 'ana@example.com', agent: 'agent' },
      scopes: ['countersign:read'],
    });
    await oidc.revoke(token);
    await caller.recheck();
    clock.ms += 31_000;
    await expect(caller.recheck()).rejects.toMatchObject({ status: 401 });
    expect((await refused(authenticator.authenticate(presented(token)))).description).toContain('not active');
  });
});

it('takes a client for itself as nobody, also where it has the name of a person', async () => {
  const response = await fetch(`${oidc.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${robot.clientId}:${robot.clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'countersign:write', resource }),
  });
  const { access_token } = (await response.json()) as { access_token: string };
  const people = [{ id: 'ana@example.com', subjects: [{ issuer: oidc.issuer, subject: robot.clientId }] }];
  const { principal, scopes } = await authenticatorOf(oidc, { people }).authenticate(presented(access_token));
  expect(principal).toMatchObject({ subject: 'robot', agent: 'robot' });
  expect(principal).not.toHaveProperty('person');
  expect(scopes).toEqual(['countersign:write']);
});

it('takes the subject of a workload as the agent, and its owner as the person', async () => {
  const subject = 'repo:shop/web:ref:refs/heads/main';
  const claims = claimsOf(oidc, { sub: subject, client_id: undefined, scope: undefined });
  const token = await oidc.sign(claims, { typ: 'JWT' });
  const people = [{ id: 'bo@example.com', owns: [{ issuer: oidc.issuer, subject }] }];
  const authenticator = authenticatorOf(oidc, { people, issuer: { subjects: 'workloads' } });
  const caller = await authenticator.authenticate(presented(token));
  expect(caller.principal).toMatchObject({ subject, agent: subject, person: 'bo@example.com', verified: true });
  expect(() => requireScope(authenticator, caller, 'exec')).not.toThrow();
});

describe('scopes', () => {
  it.each([
    ['get', 'countersign:read'],
    ['apply', 'countersign:write'],
    ['delete', 'countersign:write'],
    ['exec', 'countersign:exec'],
    ['approval', 'countersign:read'],
    ['no such tool', 'countersign:read'],
  ])('%s needs %s, and a token without it is told so', async (tool, scope) => {
    const authenticator = authenticatorOf(oidc);
    expect(authenticator.scopeFor(tool)).toBe(scope);
    const others = ['countersign:read', 'countersign:write', 'countersign:exec'].filter((each) => each !== scope);
    const without = await authenticator.authenticate(
      presented(await oidc.token({ person: 'ana', scope: others.join(' ') })),
    );
    expect(() => requireScope(authenticator, without, tool)).toThrow(
      expect.objectContaining({ status: 403, error: 'insufficient_scope', scopes: [scope] }),
    );
  });
});

it('says in its metadata where to get a token, for people', () => {
  const more = [{ issuer: 'https://token.actions.githubusercontent.com', subjects: 'workloads' }];
  expect(authenticatorOf(oidc, { more }).metadata(resource)).toMatchObject({
    resource,
    authorization_servers: [oidc.issuer],
    scopes_supported: ['countersign:read', 'countersign:write', 'countersign:exec'],
    bearer_methods_supported: ['header'],
  });
});

describe('the clock', () => {
  it('may differ by a minute, and not by more', async () => {
    const clock = clockAt();
    const seconds = Math.floor(clock.ms / 1000);
    const authenticate = (claims: Record<string, unknown>) =>
      oidc
        .sign(claimsOf(oidc, claims))
        .then((token) => authenticatorOf(oidc, { clock }).authenticate(presented(token)));
    await expect(authenticate({ exp: seconds - 55 })).resolves.toBeDefined();
    await expect(authenticate({ nbf: seconds + 55, iat: seconds + 55 })).resolves.toBeDefined();
    expect((await refused(authenticate({ exp: seconds - 65 }))).description).toContain('expired');
    expect((await refused(authenticate({ nbf: seconds + 65 }))).description).toContain('not valid yet');
    expect((await refused(authenticate({ iat: seconds + 65 }))).description).toContain('not valid yet');
  });

  it('ends a token that was good before', async () => {
    const clock = clockAt();
    const authenticator = authenticatorOf(oidc, { clock });
    const token = await oidc.token({ person: 'ana' });
    const caller = await authenticator.authenticate(presented(token));
    clock.ms += 361_000;
    expect((await refused(authenticator.authenticate(presented(token)))).description).toContain('expired');
    await expect(caller.recheck()).rejects.toMatchObject({ status: 401 });
  });
});
