import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AuditEvent } from '../../../src/domain/audit-event.ts';
import { CountersignError } from '../../../src/domain/errors.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { openSessionFiles } from '../../../src/identity/session-files.ts';
import { openSessions, sessionName } from '../../../src/identity/sessions.ts';
import { openSuspensions } from '../../../src/identity/suspensions.ts';
import { openState } from '../../../src/state/state.ts';
import { systemRandom } from '../../../src/system.ts';
import { clockAt, silent } from '../../support/identity/authenticator.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const principal = (agent: string): Principal => ({ issuer: 'i', subject: 'ana', agent, groups: ['g'], verified: true });
const start = (agent: string) =>
  ({ principal: principal(agent), client: { name: 'test', version: '1' }, transport: 'http' }) as const;

/** One process of the state directory. */
async function processOf(root: string, clock = clockAt(), perPrincipal = 3) {
  const state = await openState({ root, clock, random: systemRandom, log: silent });
  const events: AuditEvent[] = [];
  const audit = {
    append: async (event: AuditEvent) => void events.push(event),
    note: (event: AuditEvent) => void events.push(event),
  };
  const suspensions = await openSuspensions({ state, log: silent });
  const limits = { hours: 12, idleMinutes: 60, perPrincipal };
  const sessions = await openSessions({ state, audit, suspensions, limits, clock, random: systemRandom, log: silent });
  ends.push(async () => {
    await sessions.close();
    suspensions.close();
    await state.close();
  });
  return { state, events, suspensions, sessions, clock, files: await openSessionFiles(state) };
}

async function folder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'cs-sessions-'));
  ends.push(() => rm(root, { recursive: true, force: true }));
  return root;
}

const codeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (thrown) {
    return thrown instanceof CountersignError ? `${thrown.code}: ${thrown.message}` : thrown;
  }
};

describe('a session', () => {
  it('is good for its principal alone, and nobody learns that it is there', async () => {
    const { sessions } = await processOf(await folder());
    const { id } = await sessions.open(start('a'));
    expect(sessions.current(id, principal('a')).id).toBe(id);
    const anothers = codeOf(() => sessions.current(id, principal('b')));
    expect(anothers).toBe('Unauthorized: There is no such session');
    expect(codeOf(() => sessions.current('made-up', principal('b')))).toBe(anothers);
  });

  it('is written down without its id, and in the log with client and transport', async () => {
    const root = await folder();
    const { sessions, events, files } = await processOf(root);
    const { id } = await sessions.open(start('a'));
    const names = await readdir(join(root, 'sessions'));
    expect(names).toEqual([`${sessionName(id)}.json`]);
    expect(await readFile(join(root, 'sessions', names[0] ?? ''), 'utf8')).not.toContain(id);
    expect(JSON.stringify(events)).not.toContain(id);
    expect(await files.list()).toMatchObject([{ id: sessionName(id), principal: { agent: 'a' }, transport: 'http' }]);
    await sessions.end(id, 'closed');
    expect(events.map(({ type, fields }) => [type, fields.principal, fields.state])).toEqual([
      ['SessionStarted', 'a', undefined],
      ['SessionEnded', 'a', 'closed'],
    ]);
    expect(await readdir(join(root, 'sessions'))).toEqual([]);
  });

  it('ends after an hour without a call, and after twelve hours at all', async () => {
    const { sessions, clock } = await processOf(await folder());
    const idle = await sessions.open(start('a'));
    const used = await sessions.open(start('b'));
    for (let hour = 0; hour < 11; hour++) {
      clock.ms += 59 * 60_000;
      sessions.current(used.id, principal('b'));
      if (hour === 0) sessions.current(idle.id, principal('a'));
    }
    await vi.waitFor(() => expect(idle.ended).toBe('idle'), 3_000);
    expect(used.ended).toBeUndefined();
    clock.ms += 72 * 60_000;
    sessions.current(used.id, principal('b'));
    await vi.waitFor(() => expect(used.ended).toBe('expired'), 3_000);
    expect(used.signal.aborted).toBe(true);
  });

  it('is one of so many at most, also when they come together', async () => {
    const { sessions } = await processOf(await folder());
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => sessions.open(start('a'))));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    await expect(sessions.open(start('b'))).resolves.toBeDefined();
    await expect(sessions.open(start('a'))).rejects.toMatchObject({ code: 'RateLimited' });
  });

  it('that another process revoked ends within a second', async () => {
    const root = await folder();
    const [one, two] = [await processOf(root), await processOf(root)];
    const session = await one.sessions.open(start('a'));
    const other = await one.sessions.open(start('b'));
    const began = performance.now();
    expect(await two.files.revoke(sessionName(session.id))).toBe(true);
    await vi.waitFor(() => expect(session.ended).toBe('revoked'), { timeout: 5_000, interval: 10 });
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(session.signal.reason).toMatchObject({ code: 'Unauthorized' });
    expect(other.ended).toBeUndefined();
    expect(codeOf(() => one.sessions.current(session.id, principal('a')))).toContain('Unauthorized');
    // Who revoked it has written the line.
    expect(one.events.map(({ type }) => type)).toEqual(['SessionStarted', 'SessionStarted']);
  });

  it('of a process that died is not listed', async () => {
    const root = await folder();
    const [one, two] = [await processOf(root), await processOf(root)];
    const record = JSON.parse(
      JSON.stringify({ ...start('a'), version: 1, id: 'x', process: 'zzzzzzzzzzzz', startedAt: 1, expiresAt: 2 }),
    );
    await writeFile(join(root, 'sessions', `${'a'.repeat(32)}.json`), JSON.stringify(record));
    expect(await two.files.list()).toEqual([]);
    expect(await readdir(one.files.folder)).toEqual([]);
  });
});

describe('a suspension', () => {
  const by = { reason: 'stolen laptop', by: 'op', at: 1 };

  it.each([
    ['the agent', { name: 'a' }],
    ['the subject', { name: 'ana' }],
    ['the agent of its issuer', { name: 'a', issuer: 'i' }],
  ])(
    'of %s is in force in every process within a second, ends its sessions, and can be taken back',
    async (_, whom) => {
      const root = await folder();
      const [one, two] = [await processOf(root), await processOf(root)];
      const session = await one.sessions.open(start('a'));
      const began = performance.now();
      expect(await two.suspensions.suspend({ ...whom, ...by })).toBe(true);
      expect(await two.suspensions.suspend({ ...whom, ...by })).toBe(false);
      await vi.waitFor(() => expect(session.ended).toBe('suspended'), { timeout: 5_000, interval: 10 });
      expect(performance.now() - began).toBeLessThan(1_000);
      expect(codeOf(() => one.suspensions.check(principal('a')))).toMatch(
        /^Unauthorized: The caller (?:a|ana) is suspended: stolen laptop$/,
      );
      await expect(one.sessions.open(start('a'))).rejects.toMatchObject({ code: 'Unauthorized' });
      expect(codeOf(() => one.suspensions.check({ ...principal('other'), subject: 'bo' }))).toBeUndefined();
      expect(await two.suspensions.resume(whom.name, 'issuer' in whom ? whom.issuer : undefined)).toBe(true);
      await vi.waitFor(() => expect(codeOf(() => one.suspensions.check(principal('a')))).toBeUndefined(), 3_000);
    },
  );

  it('of another issuer is not in force', async () => {
    const { suspensions } = await processOf(await folder());
    await suspensions.suspend({ name: 'a', issuer: 'another', ...by });
    expect(codeOf(() => suspensions.check(principal('a')))).toBeUndefined();
  });

  it.each([
    ['is torn', `${'a'.repeat(40)}.json`, '{"version":1,'],
    ['is of a newer version', `${'a'.repeat(40)}.json`, '{"version":2}'],
    ['is under another name', `${'b'.repeat(40)}.json`, JSON.stringify({ version: 1, name: 'a', ...by })],
  ])('that %s suspends everybody, and says so', async (_, name, text) => {
    const root = await folder();
    const one = await processOf(root);
    await writeFile(join(root, 'suspended', name), text);
    await vi.waitFor(
      () => expect(codeOf(() => one.suspensions.check(principal('x')))).toContain('Unauthorized: It cannot be read'),
      3_000,
    );
    await expect(one.suspensions.list()).rejects.toThrow(name);
    await rm(join(root, 'suspended', name));
    await vi.waitFor(() => expect(codeOf(() => one.suspensions.check(principal('x')))).toBeUndefined(), 3_000);
  });

  it('is unknown when its folder is gone: everybody is suspended', async () => {
    const root = await folder();
    const one = await processOf(root);
    await rm(join(root, 'suspended'), { recursive: true });
    await vi.waitFor(
      () => expect(codeOf(() => one.suspensions.check(principal('x')))).toContain('Unauthorized'),
      3_000,
    );
  });
});
