import {
  type ApprovalCommand,
  type ApprovalState,
  type Person,
  type Reconciliation,
  transitions,
  type Vote,
} from './approval.ts';
import { escalatedTo, escalatesTo, isInAny, lastVotes, mayBreakGlass } from './approval-exceptions.ts';
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
  /** After an outcome that nobody knew. */
  readonly reconciled?: Reconciliation | undefined;
  /** The cluster does not tell; why. */
  readonly undecidable?: string | undefined;
}

export interface Derived {
  readonly state: ApprovalState;
  readonly decideBy: number;
  /** From the moment when the quorum was met. */
  readonly useBy: number | undefined;
  readonly have: number;
  readonly need: number;
  readonly alone: boolean;
  /** Follows from votes or time, and nobody has linked it yet: whoever notices links it. */
  readonly due: Ending['command'] | undefined;
}

export type FindPerson = (id: string) => Person | undefined;

/** Folds the votes, in time, and then the end over the transition table. Pure: files, people and time in, state out. */
export function deriveState(facts: ApprovalFacts, people: FindPerson, now: number): Derived {
  const { requirement, ending, outcome, reconciled } = facts;
  const decideBy = facts.createdAt + requirement.decideWithinSeconds * 1_000;
  const waiting = foldVotes(facts, people, ending?.time ?? now, decideBy);
  const done = (state: ApprovalState, due?: Ending['command']): Derived => {
    const { have, need, alone, useBy } = waiting;
    return { state, decideBy, useBy, have, need, alone, due };
  };
  if (ending === undefined) {
    return waiting.due === undefined ? done(waiting.state) : done(step(waiting.state, waiting.due), waiting.due);
  }
  // The first link has decided, also where the votes alone would say something else.
  const from = ending.command === 'claim' ? 'approved' : waiting.state;
  const ended = step(from, ending.command);
  if (outcome === undefined || ended !== 'claimed') return done(ended);
  const ran = step(ended, outcome.command);
  return done(reconciled === undefined || ran !== 'unknown' ? ran : step(ran, reconciled.command));
}

interface Waiting extends Tally {
  readonly state: 'pending' | 'approved';
  readonly useBy: number | undefined;
  readonly due: 'deny' | 'expire' | undefined;
}

function foldVotes(facts: ApprovalFacts, people: FindPerson, until: number, decideBy: number): Waiting {
  const { requirement } = facts;
  const { useWithinSeconds, breakGlass } = requirement;
  const lastWithin = Math.min(useWithinSeconds, breakGlass?.withinSeconds ?? 0);
  let quorumUntil: number | undefined;
  let glassUntil: number | undefined;
  const useBy = (): number | undefined => latest(quorumUntil, glassUntil);
  const seen: Vote[] = [];
  const lapsed = (time: number): boolean => time >= (useBy() ?? decideBy);
  for (const vote of inOrder(facts.votes)) {
    // A vote that comes after the time ran out changes nothing; a deny does, for it can only stop.
    if (vote.decision !== 'deny' && lapsed(vote.time)) break;
    seen.push(vote);
    const { have, need, alone } = tally(facts, seen, people);
    quorumUntil = have < need ? undefined : (quorumUntil ?? vote.time + useWithinSeconds * 1_000);
    glassUntil = alone ? (glassUntil ?? vote.time + lastWithin * 1_000) : undefined;
  }
  const state = useBy() === undefined ? 'pending' : 'approved';
  const denied = facts.votes.some((vote) => vote.decision === 'deny');
  const due = denied ? 'deny' : lapsed(until) ? 'expire' : undefined;
  return { ...tally(facts, seen, people), state, useBy: useBy(), due };
}

const latest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);

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
  /** Whether somebody who may broke the glass: then it is approved whatever `have` says. */
  readonly alone: boolean;
}

export const isMet = ({ have, need, alone }: Tally): boolean => have >= need || alone;

/** Whose last vote is an approve, one person to one place. Votes without a record, and the owner's own, do not count. */
export function tally(
  asked: Pick<ApprovalFacts, 'requirement' | 'principal' | 'createdAt'>,
  votes: readonly Vote[],
  people: FindPerson,
): Tally {
  const { requirement, principal } = asked;
  const approving = lastVotes(votes)
    .filter((vote) => vote.decision === 'approve')
    .flatMap((vote) => {
      const person = people(vote.person);
      return person === undefined ? [] : [{ vote, person }];
    });
  const voters = approving.map(({ vote, person }) => voter(person, escalatedTo(asked, vote.saidAt ?? vote.time)));
  const places = placesOf(requirement);
  return {
    have: fill(places, eligible(requirement, voters, principal)),
    need: places.length,
    alone: approving.some(({ vote, person }) => vote.breakGlass === true && mayBreakGlass(requirement, person)),
  };
}

interface Voter {
  readonly person: Person;
  /** It was escalated to one of their groups before they voted. */
  readonly anyPlace: boolean;
}

const voter = (person: Person, escalated: readonly string[]): Voter => ({
  person,
  anyPlace: isInAny(person, escalated),
});

/** Who of these people may approve at all: not the requester and not the person behind the agent, unless a rule lets them. */
const eligible = (requirement: Requirement, voters: readonly Voter[], principal: Principal): readonly Voter[] => {
  const places = placesOf(requirement);
  return voters.filter(
    (each) =>
      (requirement.ownerMay || !isOwner(each.person, principal)) && places.some((group) => belongs(each, group)),
  );
};

/** The person behind the agent, or the requester itself by any name that the registry knows. */
export const isOwner = (person: Person, principal: Principal): boolean =>
  person.id === principal.person ||
  [...(person.subjects ?? []), ...(person.owns ?? [])].some(
    ({ issuer, subject }) => issuer === principal.issuer && subject === principal.subject,
  ) ||
  (!principal.verified && person.osUsers.some((user) => principal.agent === `local:${user}`));

/** One entry a person that is needed: the group, or undefined for anybody. A requirement of nobody still needs one. */
function placesOf(requirement: Requirement): readonly (string | undefined)[] {
  const places = requirement.slots.flatMap(({ group, count }) =>
    Array.from({ length: Math.max(1, Math.ceil(count)) || 1 }, () => group),
  );
  return places.length === 0 ? [undefined] : places;
}

/** Whether this person could fill any place, now that it was escalated to these groups. */
export const belongsToAny = (requirement: Requirement, person: Person, escalated: readonly string[] = []): boolean =>
  placesOf(requirement).some((group) => belongs(voter(person, escalated), group));

const belongs = ({ person, anyPlace }: Voter, group: string | undefined): boolean =>
  anyPlace || group === undefined || person.groups.includes(group);

/** Most places that these people can fill, one each: a maximum bipartite matching by augmenting paths. */
function fill(places: readonly (string | undefined)[], voters: readonly Voter[]): number {
  const holder = new Map<number, Voter>();
  const seat = (each: Voter, tried: Set<number>): boolean =>
    places.some((group, place) => {
      if (tried.has(place) || !belongs(each, group)) return false;
      tried.add(place);
      const sitting = holder.get(place);
      if (sitting !== undefined && !seat(sitting, tried)) return false;
      holder.set(place, each);
      return true;
    });
  return voters.filter((each) => seat(each, new Set())).length;
}

/** Whether these people could decide it: fill all places, those who are asked later included, or break the glass. */
export const enoughPeople = (requirement: Requirement, people: readonly Person[], principal: Principal): boolean => {
  const places = placesOf(requirement);
  const voters = people.map((person) => voter(person, escalatesTo(requirement)));
  return (
    fill(places, eligible(requirement, voters, principal)) >= places.length ||
    people.some((person) => mayBreakGlass(requirement, person))
  );
};

/** `0 of 1 from sre`: what an approval needs, in words. */
export const needsInWords = (requirement: Requirement, have: number): string => {
  const groups = new Map<string | undefined, number>();
  const places = placesOf(requirement);
  for (const group of places) groups.set(group, (groups.get(group) ?? 0) + 1);
  const named = [...groups].map(([group, count]) => (groups.size === 1 ? '' : `${count} `) + (group ?? 'anybody'));
  return `${have} of ${places.length} from ${named.join(' and ')}`;
};
