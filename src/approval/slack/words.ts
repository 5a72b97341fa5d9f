import type { Approval, ApprovalState, Vote } from '../../domain/approval.ts';
import { brokenGlass as brokenVote } from '../../domain/approval-exceptions.ts';
import { needsInWords } from '../../domain/approval-state.ts';
import { open } from '../../domain/masked.ts';
import { asciiLine } from '../escape.ts';
import { type Mentions, mentionAll } from './mentions.ts';
import { clockTime, code, inert, quoted, shortened } from './mrkdwn.ts';

/** Sentences of ours about one approval, in Slack's markup. Facts only: the agent's reason stands in the message alone. */

const outcomes: Readonly<Record<ApprovalState, string>> = {
  pending: '',
  approved: 'Approved',
  claimed: 'Running',
  executed: 'Executed',
  failed: 'Failed, not carried out whole',
  unknown: 'OUTCOME UNKNOWN',
  denied: 'Denied',
  expired: 'Expired, not executed',
  withdrawn: 'Withdrawn, not executed',
  drifted: 'Drifted, not executed',
};

/** `Apply 2 objects in shop-prod · cs-7f3k2m`, danger or the outcome first. Plain text of at most 150 characters. */
export function headerOf(approval: Approval): string {
  const { tool, objects, cluster, id, state, card } = approval;
  const what = tool === 'exec' ? 'exec' : `${asciiLine(tool)} ${counted(objects.length, 'object')}`;
  const said = `${what} in ${asciiLine(cluster.name)}`;
  const alone = brokenGlassOf(approval) ? 'BREAK-GLASS, ' : '';
  const first = outcomes[state] === '' ? (card.risks.length > 0 ? 'DANGER ' : '') : `${alone}${outcomes[state]}: `;
  const head = first === '' ? said.charAt(0).toUpperCase() + said.slice(1) : first + said;
  const tail = ` · ${asciiLine(id)}`;
  return head.slice(0, 150 - tail.length) + tail;
}

/** What a phone shows: `deploy-bot asks: apply Deployment shop/web, … in shop-prod (cs-7f3k2m, 15 min)`. */
export function pushText(approval: Approval): string {
  const { principal, tool, card, cluster, id, requirement, state } = approval;
  if (outcomes[state] !== '') return inert(headerOf(approval));
  const minutes = Math.ceil(requirement.decideWithinSeconds / 60);
  const summary = shortened(asciiLine(open(card.summary)), 300);
  const asks = `${asciiLine(principal.agent)} asks: ${asciiLine(tool)} ${summary}, in ${asciiLine(cluster.name)}`;
  return inert(`${asks} (${asciiLine(id)}, ${minutes} min)`);
}

/** `1 of 2: @ana 09:14 · agent is not waiting`, or how it ended. */
export function statusLine(approval: Approval, mentions: Mentions): string {
  const { state, useBy, awaited, votes } = approval;
  const open = state === 'pending' || state === 'approved';
  const voters = votersOf(votes);
  const said = voters
    .slice(0, mostNamed)
    .map(
      ({ person, time, breakGlass }) =>
        `${mentions.person(person)} ${clockTime(time)}${breakGlass === true ? ' BROKE THE GLASS' : ''}`,
    );
  const more = voters.length > mostNamed ? ` and ${voters.length - mostNamed} more` : '';
  const count = `${approval.have} of ${approval.need}${said.length === 0 ? '' : `: ${said.join(', ')}${more}`}`;
  if (!open) return [outcomes[state], count, endOf(approval, mentions, 200)].filter((part) => part !== '').join(' · ');
  const until = state === 'approved' && useBy !== undefined ? `approved, to be used by ${clockTime(useBy)}` : '';
  const waiting = awaited ? 'agent is waiting' : 'agent is not waiting';
  return [count, until, waiting].filter((part) => part !== '').join(' · ');
}

/** Voters that a line names. */
const mostNamed = 10;

/** Whose approve stands now, in the order in which they gave it. */
function votersOf(votes: readonly Vote[]): readonly Vote[] {
  const last = new Map(votes.toSorted((a, b) => a.n - b.n).map((vote) => [vote.person, vote]));
  return [...last.values()].filter(({ decision }) => decision === 'approve').toSorted((a, b) => a.time - b.time);
}

/** Of what ran, or may run, on somebody's word alone. */
const brokenGlassOf = ({ votes, state }: Approval): Vote | undefined =>
  ['approved', 'claimed', 'executed', 'failed', 'unknown'].includes(state) ? brokenVote(votes) : undefined;

const denyOf = ({ votes }: Approval): Vote | undefined => votes.find(({ decision }) => decision === 'deny');

function endOf(approval: Approval, mentions: Mentions, most: number): string {
  const deny = denyOf(approval);
  if (approval.state !== 'denied' || deny === undefined) return '';
  const comment = deny.comment === undefined ? '' : `: ${quoted(shortened(deny.comment, most))}`;
  return `by ${mentions.person(deny.person)} ${clockTime(deny.time)}${comment}`;
}

/** The one line in the thread after the end; `result` is what the agent got, in its first line. */
export function endLine(approval: Approval, result: string | undefined, mentions: Mentions): string {
  const { state, id, cluster, invocation } = approval;
  const broken = brokenGlassOf(approval);
  const alone = broken === undefined ? '' : ` by *break-glass* of ${mentions.person(broken.person)} alone`;
  const first = `${outcomes[state]}${alone}: ${code(id)} in ${code(cluster.name)}.`;
  const said = result === undefined ? reasonOf(approval, mentions) : shortened(quoted(result), 600);
  return `${first} ${said} Audit ${code(invocation)}.`;
}

function reasonOf(approval: Approval, mentions: Mentions): string {
  switch (approval.state) {
    case 'denied':
      return `${endOf(approval, mentions, 1_000)}.`;
    case 'expired':
      return 'Nobody decided or used it in time.';
    case 'withdrawn':
      return 'The agent took it back.';
    case 'drifted':
      return 'What it would change, or the policy, is not what was approved any more. The agent was told what changed.';
    case 'failed':
      return 'The agent has the reason.';
    case 'unknown':
      return 'Nobody knows whether it was done: look at the objects. It is not sent again by itself.';
    default:
      return '';
  }
}

/** To the person behind the agent, directly. */
export function tellOwner(approval: Approval, result: string | undefined, mentions: Mentions): string {
  const { principal, id, tool, card } = approval;
  const what = `${code(principal.agent)} for you: ${code(tool)} ${quoted(shortened(asciiLine(open(card.summary)), 300))}`;
  if (approval.state === 'approved')
    return `Approved, and your agent is not waiting. ${what}. Tell it: “continue with ${asciiLine(id)}”, ${untilUsed(approval)}.`;
  if (approval.reconciled !== undefined) return `${foundOut(approval, mentions)} ${what}.`;
  return `${endLine(approval, result, mentions)} ${what}.`;
}

/** In the thread, when the outcome was unknown and somebody has looked. */
export function foundOut({ id, state, reconciled }: Approval, mentions: Mentions): string {
  const by = reconciled?.by;
  const who = by === undefined ? 'Countersign found out by reading the cluster' : `${mentions.person(by)} found out`;
  return `${outcomes[state]}, as ${who}: ${code(id)}. ${quoted(reconciled?.because ?? '')}`;
}

/** In the thread, when Countersign has looked and cannot tell. */
export const notFoundOut = ({ id, undecidable }: Approval): string =>
  `Countersign has read the cluster, which does not tell what became of ${code(id)}: ${quoted(undecidable ?? '')} Somebody look, and say it: ${code(`countersign approvals settle ${id} --as executed|failed REASON`)}`;

const untilUsed = ({ useBy }: Approval): string => (useBy === undefined ? 'soon' : `until ${clockTime(useBy)}`);

/** At half time, once. */
export const reminder = (approval: Approval, mentions: Mentions): string =>
  `${spaced(mentionAll(mentions, approval))}Half of the time is over: ${code(approval.id)} has ${needs(approval)}, and expires at ${clockTime(approval.decideBy)}.`;

/** When those who were asked have not decided. */
export const escalationLine = (approval: Approval, group: string, mentions: Mentions): string =>
  `${spaced(mentions.group(group))}${code(approval.id)} is not decided yet (${needs(approval)}): from now on ${code(group)} may approve it too, until ${clockTime(approval.decideBy)}.`;

/** Loud, for everybody. */
export const brokenGlass = (approval: Approval, vote: Vote, mentions: Mentions): string =>
  `${spaced(mentionAll(mentions, approval))}:rotating_light: *Break-glass*: ${mentions.person(vote.person)} countersigned ${code(approval.id)} alone, in ${code(approval.cluster.name)}. Reason: ${quoted(vote.comment ?? '')} It stays open until somebody else reviews it: ${code(`countersign approvals review ${approval.id}`)}`;

export const needs = ({ requirement, have }: Approval): string =>
  inert(shortened(asciiLine(needsInWords(requirement, have)), 400));

const spaced = (text: string): string => (text === '' ? '' : `${text} `);

export const counted = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`;

/** What is answered to `status` in the thread. */
export const statusReply = (approval: Approval, mentions: Mentions): string =>
  `${code(approval.id)} is ${approval.state}: needs ${needs(approval)}. ${statusLine(approval, mentions)}.`;

/** The grammar of votes, for who asks or did not hit it. */
export function helpText({ id, requirement }: Approval): string {
  const exact = code(id);
  const approve = requirement.confirmCode ? code(`approve ${id}`) : `${code('approve')} or ${code(`approve ${id}`)}`;
  return [
    `Reply in this thread. The first word counts, and a comment after it reaches the agent in your words.`,
    `• ${approve} and a comment if you like: you countersign exactly this plan`,
    `• ${code('deny')} and what the agent should do instead (also ${code('reject')}, ${code('no')}, ${code('stop')}): it ends for good`,
    ...(requirement.breakGlass === undefined
      ? []
      : [`• ${code(`break-glass ${id}`)} and what happened, not a condition: you countersign alone, loudly`]),
    `• ${code('undo')}: takes back your own approve, before it is used`,
    `• ${code('status')}, ${code('diff')}, ${code('help')}`,
    `Anything else is talk between people. ${code('ok')}, ${code('lgtm')}, an emoji or a quotation is no vote for ${exact}.`,
  ].join('\n');
}
