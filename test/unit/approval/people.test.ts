import { describe, expect, it } from 'vitest';
import { approvalConfigSchema } from '../../../src/approval/config.ts';
import { createPeople, peopleConfigSchema } from '../../../src/approval/people.ts';
import { createTerminalChannel } from '../../../src/approval/terminal/channel.ts';

const registry = (records: readonly unknown[]) => createPeople(peopleConfigSchema.parse(records));

describe('the people registry', () => {
  it('finds one record by id and by OS user, and by nothing else', () => {
    const people = registry([{ id: 'ana@example.com', osUsers: ['ana', 'ana2'] }]);
    expect(people.byOsUser('ana2')).toBe(people.byId('ana@example.com'));
    expect(people.byId('ana@example.com')).toMatchObject({ name: 'ana@example.com', groups: [] });
    expect(people.byOsUser('__proto__') ?? people.byId('constructor')).toBeUndefined();
  });

  it('tells whose token a subject is from whose workload', () => {
    const people = registry([
      { id: 'ana', subjects: [{ issuer: 'i', subject: 's' }], owns: [{ issuer: 'k', subject: 'deployer' }] },
    ]);
    expect(people.bySubject('i', 's')?.id).toBe('ana');
    expect(people.byWorkload('k', 'deployer')?.id).toBe('ana');
    expect(people.byWorkload('i', 's') ?? people.bySubject('k', 'deployer')).toBeUndefined();
    expect(people.bySubject('s', 'i') ?? people.bySubject('i', 'S') ?? people.bySubject('', 'is')).toBeUndefined();
  });

  it.each([
    [
      'OS user x',
      [
        { id: 'a', osUsers: ['x'] },
        { id: 'b', osUsers: ['x'] },
      ],
    ],
    ['person a', [{ id: 'a' }, { id: 'A' }]],
    [
      'Slack user T/U',
      [
        { id: 'a', slack: { team: 'T', user: 'U' } },
        { id: 'b', slack: { team: 'T', user: 'U' } },
      ],
    ],
    [
      'subject s of i',
      [
        { id: 'a', subjects: [{ issuer: 'i', subject: 's' }] },
        { id: 'b', subjects: [{ issuer: 'i', subject: 's' }] },
      ],
    ],
    [
      'subject s of i',
      [
        { id: 'a', subjects: [{ issuer: 'i', subject: 's' }] },
        { id: 'b', owns: [{ issuer: 'i', subject: 's' }] },
      ],
    ],
  ])('refuses two records that claim one %s', (claim, records) => {
    expect(() => registry(records)).toThrow(`two people claim ${claim}`);
  });

  it.each(['../x', 'a/b', '.hidden', '', 'a b', 'ana\u202e'])('refuses the id %j, which is a file name too', (id) => {
    expect(() => registry([{ id }])).toThrow();
  });
});

describe('the configuration', () => {
  it('has local votes off, and the settled caps', () => {
    expect(approvalConfigSchema.parse(undefined)).toEqual({
      local: 'off',
      openPerAgent: 5,
      openPerOwner: 20,
      askedPerHour: 60,
      denialStandsMinutes: 30,
      keepFinishedDays: 30,
    });
    expect(() => approvalConfigSchema.parse({ locale: 'enabled' })).toThrow();
  });

  it('makes the terminal reachable only where it is enabled and somebody has an OS user', () => {
    const somebody = registry([{ id: 'a', osUsers: ['a'] }]);
    const reachable = (local: 'enabled' | 'off' | 'sudo', people: typeof somebody, osUser = 'a') =>
      createTerminalChannel({ local, people, osUser }).reachable();
    const [a] = somebody.all();
    expect(reachable('enabled', somebody).people).toEqual([a]);
    expect(reachable('enabled', somebody, 'owner').people).toEqual([]);
    expect(reachable('sudo', somebody, 'owner').people).toEqual([a]);
    expect(reachable('off', somebody)).toMatchObject({ people: [], hint: expect.stringContaining('approvals.local') });
    expect(reachable('sudo', registry([{ id: 'a' }]))).toMatchObject({
      people: [],
      hint: expect.stringContaining('osUsers'),
    });
  });
});
