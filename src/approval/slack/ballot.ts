import type { Approvals, PeopleRegistry, VoteRequest } from '../../domain/approval.ts';
import type { Log } from '../../domain/environment.ts';
import { CountersignError, type ErrorCode } from '../../domain/errors.ts';
import { asciiLine } from '../escape.ts';
import { code, escaped } from './mrkdwn.ts';
import type { Posted, SlackApi } from './ports.ts';
import type { Voter, Voters } from './voter.ts';

/** A vote as somebody said it, on a message of ours that is known. */
export interface Said extends Pick<VoteRequest, 'decision' | 'comment'> {
  readonly user: string;
  /** Workspace of the user, as the payload names it. */
  readonly team: string | undefined;
  readonly code: string | undefined;
  readonly breakGlass: boolean;
  /** `slack:<channel>/<ts>` */
  readonly source: string;
}

/** `refused` is final and was told; `later`: it could not be found out or recorded now. */
export type Cast = 'counted' | 'refused' | 'later';

export interface BallotParts {
  readonly api: Pick<SlackApi, 'whisper'>;
  readonly approvals: Pick<Approvals, 'vote'>;
  readonly people: Pick<PeopleRegistry, 'bySlack'>;
  readonly voters: Voters;
  readonly log: Log;
}

export interface Ballots {
  /** `refused` is called before somebody is told so; where it says false they were told before. Nobody waits for the telling. */
  cast(posted: Posted, said: Said, refused?: () => Promise<boolean>): Promise<Cast>;
  /** Resolves when everybody has been told what they are to be told until now. */
  told(): Promise<void>;
  /** A private line in the thread; that it cannot be delivered fails nothing. */
  whisper(to: Pick<Posted, 'channel'> & { readonly ts: string | undefined }, user: string, text: string): Promise<void>;
}

/** Refusals that stay as they are, however often the same words are read. */
const final: ReadonlySet<ErrorCode> = new Set(['Invalid', 'ApprovalDenied', 'NotFound', 'Denied', 'Conflict']);

export function createBallots(parts: BallotParts): Ballots {
  const { api, approvals, log } = parts;
  const telling = new Set<Promise<void>>();
  const whisper: Ballots['whisper'] = async ({ channel, ts }, user, text) => {
    const line = api
      .whisper({ channel, user, thread: ts, text })
      .catch((thrown: unknown) => {
        log.warn('a private line was not delivered in Slack', { user, cause: String(thrown) });
      })
      .finally(() => telling.delete(line));
    telling.add(line);
    await line;
  };
  const refuse = async (
    posted: Posted,
    { user, decision }: Said,
    because: string,
    refused: () => Promise<boolean>,
  ): Promise<Cast> => {
    if (await refused())
      void whisper(posted, user, `Your ${decision} of ${code(posted.approval)} does not count: ${because}.`);
    return 'refused';
  };
  return {
    whisper,
    told: async () => {
      await Promise.all(telling);
    },
    cast: async (posted, said, refused = async () => true) => {
      try {
        const voter = await voterOf(parts, posted, said);
        if ('refusal' in voter) return await refuse(posted, said, voter.refusal, refused);
        await approvals.vote(posted.approval, request(voter, said));
        return 'counted';
      } catch (thrown) {
        if (thrown instanceof CountersignError && final.has(thrown.code))
          return refuse(posted, said, sentence(thrown), refused);
        log.error('a vote in Slack could not be recorded', { approval: posted.approval, cause: String(thrown) });
        void whisper(posted, said.user, `Your ${said.decision} of ${code(posted.approval)} could not be recorded yet.`);
        return 'later';
      }
    },
  };
}

/** A deny counts by the record alone where Slack cannot be asked about the user: to stop is always safe. */
async function voterOf({ voters, people }: BallotParts, posted: Posted, said: Said): Promise<Voter> {
  try {
    return await voters.of(said.user, said.team);
  } catch (thrown) {
    const sameTeam = said.team === undefined || said.team === posted.team;
    const person = sameTeam ? people.bySlack(posted.team, said.user) : undefined;
    if (said.decision !== 'deny' || person === undefined) throw thrown;
    return { person };
  }
}

const request = (
  { person }: Extract<Voter, { person: unknown }>,
  { decision, comment, code: given, breakGlass, source }: Said,
): VoteRequest => ({
  person,
  decision,
  comment,
  channel: 'slack',
  source,
  ...saidAtOf(source),
  ...(given === undefined ? {} : { code: given }),
  ...(breakGlass ? { breakGlass } : {}),
});

/** Slack's time stamp of a message or a click is when it was said, in seconds. */
function saidAtOf(source: string): Pick<VoteRequest, 'saidAt'> {
  const seconds = Number(/\/(\d+\.\d+)$/.exec(source)?.[1]);
  return Number.isNaN(seconds) ? {} : { saidAt: Math.floor(seconds * 1_000) };
}

/** Our own words, in which there may be what somebody typed: a letter of another script in a code shows. */
const sentence = ({ message, hint }: CountersignError): string =>
  escaped(asciiLine(hint === undefined ? message : `${message}; ${hint}`)).replaceAll('`', "'");
