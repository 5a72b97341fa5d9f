import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Person, transitions, type Vote } from '../../../src/domain/approval.ts';
import {
  type ApprovalFacts,
  deriveState,
  enoughPeople,
  needsInWords,
  tally,
} from '../../../src/domain/approval-state.ts';
import type { Requirement } from '../../../src/domain/decision.ts';
import { agent, oneOfSre, people, person } from '../../support/approvals.ts';

const start = 1_000_000;
const minute = 60_000;
const vote = (name: string, decision: Vote['decision'], n: number, at: number): Vote => ({
  person: person(name).id,
  decision,
  comment: undefined,
  time: start + at * minute,
  channel: 'terminal',
  n,
});
const derive = (votes: readonly Vote[], at: number, more: Partial<ApprovalFacts> = {}) =>
  deriveState(
    {
      createdAt: start,
      requirement: oneOfSre,
      principal: agent,
      votes,
      ending: undefined,
      outcome: undefined,
      ...more,
    },
    people.byId,
    start + at * minute,
  );
const ending = (command: 'claim' | 'deny' | 'expire' | 'withdraw' | 'drift', at: number): ApprovalFacts['ending'] => ({
  command,
  by: 'x',
  time: start + at * minute,
  because: '',
  process: 'p',
});

describe('the state of an approval', () => {
  it('follows from its files and the time alone', () => {
    expect(derive([], 1)).toMatchObject({ state: 'pending', have: 0, need: 1, useBy: undefined, due: undefined });
    expect(derive([], 15)).toMatchObject({ state: 'expired', due: 'expire' });
    expect(derive([vote('ana', 'approve', 1, 10)], 24)).toMatchObject({
      state: 'approved',
      useBy: start + 25 * minute,
    });
    expect(derive([vote('ana', 'approve', 1, 10)], 25)).toMatchObject({ state: 'expired', due: 'expire' });
    expect(derive([vote('ana', 'approve', 1, 16)], 17)).toMatchObject({ state: 'expired', have: 0 });
    expect(derive([vote('bo', 'deny', 1, 3)], 4)).toMatchObject({ state: 'denied', due: 'deny' });
    expect(derive([], 99, { ending: ending('withdraw', 3) })).toMatchObject({ state: 'withdrawn', due: undefined });
    expect(derive([vote('ana', 'approve', 1, 1)], 99, { ending: ending('claim', 3) }).state).toBe('claimed');
    for (const [command, state] of [
      ['succeed', 'executed'],
      ['fail', 'failed'],
      ['lose', 'unknown'],
    ] as const)
      expect(derive([], 99, { ending: ending('claim', 3), outcome: { command, time: 0, because: '' } }).state).toBe(
        state,
      );
  });

  it('starts the time to use it anew when the quorum was lost in between, and not otherwise', () => {
    const undone = [vote('ana', 'approve', 1, 2), vote('ana', 'undo', 2, 5), vote('bo', 'approve', 1, 9)];
    expect(derive(undone, 10).useBy).toBe(start + 24 * minute);
    const more = [vote('ana', 'approve', 1, 2), vote('bo', 'approve', 1, 5), vote('ana', 'undo', 2, 9)];
    expect(derive(more, 10)).toMatchObject({ useBy: start + 17 * minute, have: 1 });
  });

  it('goes by the number of a vote where the clock went back', () => {
    expect(derive([vote('ana', 'undo', 2, 3), vote('ana', 'approve', 1, 5)], 6)).toMatchObject({
      state: 'pending',
      have: 0,
    });
  });

  it('reaches no state that the table does not lead to', () => {
    for (const [from, commands] of Object.entries(transitions))
      for (const to of Object.values(commands)) {
        expect(Object.keys(transitions)).toContain(to);
        if (Object.keys(commands).length === 0) expect(from).not.toBe('pending');
      }
    expect(transitions.claimed).toEqual({ succeed: 'executed', fail: 'failed', lose: 'unknown' });
  });
});

describe('the quorum', () => {
  const slots = (...of: readonly (readonly [string | undefined, number])[]): Requirement => ({
    ...oneOfSre,
    slots: of.map(([group, count]) => ({ group, count })),
  });
  const count = (requirement: Requirement, ...names: readonly string[]) =>
    tally(
      { requirement, principal: agent, createdAt: start },
      names.map((name) => vote(name, 'approve', 1, 0)),
      people.byId,
    );

  it('never needs nobody', () => {
    for (const odd of [slots(), slots(['sre', 0]), slots(['sre', -3]), slots(['sre', Number.NaN])])
      expect(count(odd)).toMatchObject({ have: 0, need: 1 });
  });

  it('leaves out the owner, strangers and other groups', () => {
    expect(count(slots(['sre', 1]), 'li')).toMatchObject({ have: 0, need: 1 });
    expect(count({ ...slots(['sre', 1]), ownerMay: true }, 'li')).toMatchObject({ have: 1, need: 1 });
    expect(count(slots(['sre', 1]), 'out', 'cy')).toMatchObject({ have: 0, need: 1 });
    const eve = { ...vote('ana', 'approve', 1, 0), person: 'eve' };
    expect(tally({ requirement: oneOfSre, principal: agent, createdAt: start }, [eve], people.byId).have).toBe(0);
  });

  it('says in words what it needs, and whether there are people enough', () => {
    expect(needsInWords(slots(['sre', 2]), 1)).toBe('1 of 2 from sre');
    expect(needsInWords(slots(['sre', 1], [undefined, 2]), 0)).toBe('0 of 3 from 1 sre and 2 anybody');
    expect(enoughPeople(slots(['sre', 2]), people.all(), agent)).toBe(true);
    expect(enoughPeople(slots(['sre', 3]), people.all(), agent)).toBe(false);
  });

  it('finds the best seats: as many as trying every order would', () => {
    const groups = fc.subarray(['a', 'b', 'c']);
    const cases = fc.record({
      people: fc.array(groups, { maxLength: 5 }),
      places: fc.array(fc.constantFrom('a', 'b', 'c', undefined), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(cases, ({ people: members, places }) => {
        const all = members.map((of, i): Person => ({ id: `p${i}`, name: '', groups: of, osUsers: [] }));
        const best = (left: readonly (string | undefined)[], free: readonly Person[]): number => {
          const [group, ...rest] = left;
          if (left.length === 0) return 0;
          const seated = free
            .filter((each) => group === undefined || each.groups.includes(group))
            .map(
              (each) =>
                1 +
                best(
                  rest,
                  free.filter((other) => other !== each),
                ),
            );
          return Math.max(best(rest, free), ...seated);
        };
        const votes = all.map(({ id }): Vote => ({ ...vote('ana', 'approve', 1, 0), person: id }));
        const found = tally(
          { requirement: slots(...places.map((group) => [group, 1] as const)), principal: agent, createdAt: start },
          votes,
          (id) => all.find((p) => p.id === id),
        );
        expect(found).toMatchObject({ have: best(places, all), need: places.length });
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});
