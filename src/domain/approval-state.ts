import { type ApprovalCommand, type ApprovalState, type Person, transitions, type Vote } from './approval.ts';
import type { Requirement } from './decision.ts';
import type { Principal } from './principal.ts';

/** The one end of the waiting, linked once. */
export interface Ending {
  readonly command: 'claim' | 'deny' | 'expire' | 'withdraw' | 'drift';
  /** A person, an agent, or a process. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly because: string;
  /** The process that linked it: only when that one is dead, its claim is recovered. */
  readonly process: string;
}

export interface Outcome {
  readonly command: 'succeed' | 'fail' | 'lose';
  readonly time: number;
  readonly because: string;
}

/** What stands on disk about one approval, and nothing else: its state is a function of this. */
export interface ApprovalFacts {
  readonly createdAt: number;
  readonly requirement: Requirement;
  readonly principal: Principal;
  readonly votes: readonly Vote[];
  readonly ending: Ending | undefined;
  readonly outcome: Outcome | undefined;
}

export interface Derived {
  readonly state: ApprovalState;
  readonly decideBy: number;
  /** From the moment when the quorum was met. */
  readonly useBy: number | undefined;
  readonly have: number;
  readonly need: number;
  /** Follows from votes or time, and nobody has linked it yet: whoever notices links it. */
  readonly due: Ending['command'] | undefined;
}

export type FindPerson = (id: string) => Person | undefined;

/** Folds the votes, in time, and then the end over the transition table. Pure: files, people and time in, state out. */
export function deriveState(facts: ApprovalFacts, people: FindPerson, now: number): Derived {
  const { requirement, ending, outcome } = facts;
  const decideBy = facts.createdAt + requirement.decideWithinSeconds * 1_000;
  const waiting = foldVotes(facts, people, ending?.time ?? now, decideBy);
  const done = (state: ApprovalState, due?: Ending['command']): Derived => {
    const { have, need, useBy } = waiting;
    return { state, decideBy, useBy, have, need, due };
  };
  if (ending === undefined) {
    return waiting.due === undefined ? done(waiting.state) : done(step(waiting.state, waiting.due), waiting.due);
  }
  // The first link has decided, also where the votes alone would say something else.
  const from = ending.command === 'claim' ? 'approved' : waiting.state;
  const ended = step(from, ending.command);
  return done(outcome === undefined || ended !== 'claimed' ? ended : step(ended, outcome.command));
}

interface Waiting extends Tally {
  readonly state: 'pending' | 'approved';
  readonly useBy: number | undefined;
  readonly due: 'deny' | 'expire' | undefined;
}

function foldVotes(facts: ApprovalFacts, people: FindPerson, until: number, decideBy: number): Waiting {
  const { requirement, principal } = facts;
  let useBy: number | undefined;
  const seen: Vote[] = [];
  const lapsed = (time: number): boolean => time >= (useBy ?? decideBy);
  for (const vote of inOrder(facts.votes)) {
    // A vote that comes after the time ran out changes nothing; a deny does, for it can only stop.
    if (vote.decision !== 'deny' && lapsed(vote.time)) break;
    seen.push(vote);
    const { have, need } = tally(requirement, seen, people, principal);
    if (have < need) useBy = undefined;
    else useBy ??= vote.time + requirement.useWithinSeconds * 1_000;
  }
  const state = useBy === undefined ? 'pending' : 'approved';
  const denied = facts.votes.some((vote) => vote.decision === 'deny');
  const due = denied ? 'deny' : lapsed(until) ? 'expire' : undefined;
  return { ...tally(requirement, seen, people, principal), state, useBy, due };
}

/** By time; one person's votes by their numbers, whatever the clock did in between. */
function inOrder(votes: readonly Vote[]): readonly Vote[] {
  const latest = new Map<string, number>();
  return [...votes]
    .sort((a, b) => a.n - b.n)
    .map((vote) => {
      const time = Math.max(vote.time, latest.get(vote.person) ?? vote.time);
      latest.set(vote.person, time);
      return { vote, time };
    })
    .sort((a, b) => a.time - b.time || a.vote.n - b.vote.n)
    .map(({ vote, time }) => ({ ...vote, time }));
}

const step = (state: ApprovalState, command: ApprovalCommand): ApprovalState => {
  const reached = transitions[state][command];
  if (reached === undefined) throw new TypeError(`no transition: ${state} ${command}`);
  return reached;
};

export interface Tally {
  /** Places that distinct people who approve now fill, of how many. */
  readonly have: number;
  readonly need: number;
}

/** Whose last vote is an approve, one person to one place. Votes without a record, and the owner's own, do not count. */
export function tally(
  requirement: Requirement,
  votes: readonly Vote[],
  people: FindPerson,
  principal: Principal,
): Tally {
  const last = new Map<string, Vote>();
  for (const vote of votes) if (vote.n >= (last.get(vote.person)?.n ?? 0)) last.set(vote.person, vote);
  const approving = [...last.values()]
    .filter((vote) => vote.decision === 'approve')
    .map((vote) => people(vote.person))
    .filter((person) => person !== undefined);
  const places = placesOf(requirement);
  return { have: fill(places, eligible(requirement, approving, principal)), need: places.length };
}

/** Who of these people may approve at all: not the requester and not the person behind the agent, unless a rule lets them. */
const eligible = (requirement: Requirement, people: readonly Person[], principal: Principal): readonly Person[] => {
  const places = placesOf(requirement);
  return people.filter(
    (person) => (requirement.ownerMay || !isOwner(person, principal)) && places.some((group) => belongs(person, group)),
  );
};

/** The person behind the agent, or the requester itself by any name that the registry knows. */
export const isOwner = (person: Person, principal: Principal): boolean =>
  person.id === principal.person ||
  (person.subjects ?? []).some(({ issuer, subject }) => issuer === principal.issuer && subject === principal.subject) ||
  (!principal.verified && person.osUsers.some((user) => principal.agent === `local:${user}`));

/** One entry a person that is needed: the group, or undefined for anybody. A requirement of nobody still needs one. */
function placesOf(requirement: Requirement): readonly (string | undefined)[] {
  const places = requirement.slots.flatMap(({ group, count }) =>
    Array.from({ length: Math.max(1, Math.ceil(count)) || 1 }, () => group),
  );
  return places.length === 0 ? [undefined] : places;
}

/** Whether this person could fill any place at all. */
export const belongsToAny = (requirement: Requirement, person: Person): boolean =>
  placesOf(requirement).some((group) => belongs(person, group));

const belongs = (person: Person, group: string | undefined): boolean =>
  group === undefined || person.groups.includes(group);

/** Most places that these people can fill, one each: a maximum bipartite matching by augmenting paths. */
function fill(places: readonly (string | undefined)[], people: readonly Person[]): number {
  const holder = new Map<number, Person>();
  const seat = (person: Person, tried: Set<number>): boolean =>
    places.some((group, place) => {
      if (tried.has(place) || !belongs(person, group)) return false;
      tried.add(place);
      const sitting = holder.get(place);
      if (sitting !== undefined && !seat(sitting, tried)) return false;
      holder.set(place, person);
      return true;
    });
  return people.filter((person) => seat(person, new Set())).length;
}

/** Whether these people could fill all places, if each of them approved. */
export const enoughPeople = (requirement: Requirement, people: readonly Person[], principal: Principal): boolean => {
  const places = placesOf(requirement);
  return fill(places, eligible(requirement, people, principal)) >= places.length;
};

/** `0 of 1 from sre`: what an approval needs, in words. */
export const needsInWords = (requirement: Requirement, have: number): string => {
  const groups = new Map<string | undefined, number>();
  const places = placesOf(requirement);
  for (const group of places) groups.set(group, (groups.get(group) ?? 0) + 1);
  const named = [...groups].map(([group, count]) => (groups.size === 1 ? '' : `${count} `) + (group ?? 'anybody'));
  return `${have} of ${places.length} from ${named.join(' and ')}`;
};
