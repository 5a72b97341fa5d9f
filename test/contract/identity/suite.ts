import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Authenticator, Challenge, type Sessions, type Suspensions } from '../../../src/domain/identity.ts';
import { samePrincipal } from '../../../src/domain/principal.ts';
import { standingOf } from '../../../src/domain/standing.ts';

/** Identity as a transport sees it, and what an operator can do from another process. */
export interface IdentityUnderTest {
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly suspensions: Suspensions;
  /** A good token of this agent. */
  token(agent: string): Promise<string>;
  suspend(agent: string): Promise<void>;
  revoke(session: string): Promise<void>;
  close(): Promise<void>;
}

const withinASecond = { timeout: 1_000, interval: 10 };
const client = { name: 'test', version: '1' };

/** What a transport may rely on, whoever is behind the ports. */
export function describeIdentity(name: string, open: () => Promise<IdentityUnderTest>): void {
  describe(`identity: ${name}`, () => {
    let under: IdentityUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    const present = (...authorization: string[]) =>
      under.authenticator.authenticate({
        authorization,
        dpop: [],
        method: 'POST',
        url: 'https://countersign.example.com/mcp',
      });
    const caller = async (agent: string) => present(`Bearer ${await under.token(agent)}`);
    const session = async (agent: string) => {
      const { principal } = await caller(agent);
      return { principal, session: await under.sessions.open({ principal, client, transport: 'http' }) };
    };

    it('gives the same verified principal for two tokens of one agent, and another for another', async () => {
      const [one, again, other] = [await caller('alpha'), await caller('alpha'), await caller('beta')];
      expect(one.principal).toMatchObject({ agent: 'alpha', verified: true });
      expect([samePrincipal(one.principal, again.principal), samePrincipal(one.principal, other.principal)]).toEqual([
        true,
        false,
      ]);
      expect(one.expiresAt).toBeGreaterThan(Date.now());
      await expect(one.recheck()).resolves.toBeUndefined();
    });

    it('turns away with a challenge: no header, two, and a token that is none', async () => {
      const token = `Bearer ${await under.token('alpha')}`;
      const refusals = await Promise.all(
        [present(), present(token, token), present('Bearer 0')].map((attempt) =>
          attempt.catch((thrown: unknown) => thrown),
        ),
      );
      expect(refusals.map((each) => each instanceof Challenge && [each.status, each.error])).toEqual([
        [401, undefined],
        [400, 'invalid_request'],
        [401, 'invalid_token'],
      ]);
    });

    it('names the resource in the metadata document', () => {
      expect(under.authenticator.metadata('https://a.example.com/mcp')).toMatchObject({
        resource: 'https://a.example.com/mcp',
      });
    });

    it('gives a session to its principal alone; of another it is as if there were none', async () => {
      const { principal, session: mine } = await session('alpha');
      const other = (await caller('beta')).principal;
      expect(under.sessions.current(mine.id, principal).id).toBe(mine.id);
      const said = (id: string): unknown => {
        try {
          return under.sessions.current(id, other);
        } catch (thrown) {
          return thrown;
        }
      };
      expect(said(mine.id)).toMatchObject({ code: 'Unauthorized' });
      expect(said(mine.id)).toEqual(said('made-up'));
    });

    it('ends a session once for all, and who looks at it is told', async () => {
      const { principal, session: mine } = await session('alpha');
      await under.sessions.end(mine.id, 'closed');
      await under.sessions.end(mine.id, 'closed');
      expect(mine.signal.aborted).toBe(true);
      expect(() => under.sessions.current(mine.id, principal)).toThrow(
        expect.objectContaining({ code: 'Unauthorized' }),
      );
    });

    it('lets a standing fall within a second after its session was revoked elsewhere', async () => {
      const { principal, session: mine } = await session('alpha');
      const standing = standingOf({ principal, suspensions: under.suspensions, clock: Date, session: mine });
      const changed = vi.fn();
      const stop = standing.watch(changed);
      expect(standing.check()).toBeUndefined();
      await under.revoke(mine.id);
      await vi.waitFor(() => expect(changed).toHaveBeenCalled(), withinASecond);
      expect(() => standing.check()).toThrow(expect.objectContaining({ code: 'Unauthorized' }));
      stop();
    });

    it('lets a standing fall within a second after its principal was suspended elsewhere, and opens it no session', async () => {
      const { principal } = await caller('gamma');
      const changed = vi.fn();
      const stopped = vi.fn();
      under.suspensions.watch(stopped)();
      const stop = under.suspensions.watch(changed);
      await under.suspend('gamma');
      await vi.waitFor(() => expect(changed).toHaveBeenCalled(), withinASecond);
      stop();
      expect(stopped).not.toHaveBeenCalled();
      expect(() => under.suspensions.check(principal)).toThrow(expect.objectContaining({ code: 'Unauthorized' }));
      await expect(under.sessions.open({ principal, client, transport: 'http' })).rejects.toMatchObject({
        code: 'Unauthorized',
      });
      expect(() => under.suspensions.check({ ...principal, agent: 'alpha', subject: 'alpha' })).not.toThrow();
    });
  });
}
