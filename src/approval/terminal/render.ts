import type { Approval, Vote } from '../../domain/approval.ts';
import { isOpen } from '../../domain/approval.ts';
import { brokenGlass } from '../../domain/approval-exceptions.ts';
import { needsInWords } from '../../domain/approval-state.ts';
import type { Requirement } from '../../domain/decision.ts';
import { iso } from '../../domain/environment.ts';
import { type Masked, open } from '../../domain/masked.ts';
import { asciiLine, asciiLines, wordsLine } from '../escape.ts';

const clockTime = (time: number): string => `${iso(time).slice(0, 19).replace('T', ' ')}Z`;

/** A masked text as lines of a terminal, each behind `indent`, so that none can pass for one of ours. */
const shown = (text: Masked<string>, indent: string): readonly string[] =>
  asciiLines(open(text))
    .split('\n')
    .map((line) => indent + line);

/**
 * All that an approver decides on, in the order of risk: what, who, where, needs, risks, the whole diff, digests, the rule,
 * and last the agent's own words. Never cut.
 */
export function renderApproval(approval: Approval): string {
  const { id, card, requirement } = approval;
  const { notes = [] } = card;
  return [
    ...header(approval),
    '',
    ...(card.risks.length === 0 ? [] : ['Risks', ...card.risks.flatMap((risk) => shown(risk, '  ! ')), '']),
    ...(notes.length === 0 ? [] : ['Note', ...notes.flatMap((note) => shown(note, '  - ')), '']),
    'Changes',
    ...shown(card.diff, '  | '),
    '',
    `Plan      ${asciiLine(approval.planDigest)}`,
    ...approval.manifestDigests.map((digest) => `Manifest  ${asciiLine(digest)}`),
    `Rule      ${asciiLine(approval.rule)} (bundle ${asciiLine(approval.bundleDigest)})`,
    ...(approval.because === undefined ? [] : [`Because   ${asciiLine(approval.because)}`]),
    '',
    ...glassLines(approval),
    ...foundOutLines(approval),
    ...(approval.votes.length === 0 ? [] : ['Votes', ...approval.votes.map(voteLine), '']),
    'The agent says (not verified):',
    `  > ${asOneLine(card.reason)}`,
    '',
    ...howToVote(id, isOpen(approval.state), requirement),
  ].join('\n');
}

function foundOutLines({ state, id, reconciled, undecidable }: Approval): readonly string[] {
  if (reconciled !== undefined)
    return [
      `Found out ${state}, by ${asciiLine(reconciled.by ?? 'Countersign, which read the cluster')}: ${asciiLine(reconciled.because)}`,
      '',
    ];
  if (state !== 'unknown') return [];
  return [
    ...(undecidable === undefined
      ? []
      : [`Countersign read the cluster, which does not tell: ${asciiLine(undecidable)}`]),
    `Nobody knows what became of it. Look, then: countersign approvals settle ${asciiLine(id)} --as executed|failed REASON`,
    '',
  ];
}

function header(approval: Approval): readonly string[] {
  const { card, principal, cluster, requirement, have, state, useBy } = approval;
  const danger = card.risks.length > 0 ? 'DANGER ' : '';
  const person = principal.person === undefined ? 'nobody known' : asciiLine(principal.person);
  const until = state === 'approved' && useBy !== undefined ? `Use by    ${clockTime(useBy)}` : undefined;
  return [
    `${danger}${asciiLine(approval.tool)} in ${asciiLine(cluster.name)} . ${asciiLine(approval.id)} . ${state}`,
    ...shown(card.summary, '  '),
    '',
    `Who       ${asciiLine(principal.agent)} for ${person}${principal.verified ? '' : ' (not verified)'}`,
    `Where     ${asciiLine(cluster.name)} (uid ${asciiLine(cluster.uid)})`,
    ...approval.objects.map((object) => `Object    ${asciiLine(object)}`),
    `Needs     ${asciiLine(needsInWords(requirement, have))}`,
    ...laterLines(approval),
    until ?? `Decide by ${clockTime(approval.decideBy)}`,
    `Agent     ${approval.awaited ? 'is waiting' : 'is not waiting'}`,
  ];
}

/** Who is asked too, and from when on. */
const laterLines = ({ requirement, createdAt, state }: Approval): readonly string[] =>
  isOpen(state)
    ? (requirement.escalation ?? []).map(
        ({ afterSeconds, group }) =>
          `Or from   ${asciiLine(group)}, after ${clockTime(createdAt + afterSeconds * 1_000)}`,
      )
    : [];

/** First of all votes, because one person stands for all of them. */
function glassLines({ votes, review }: Approval): readonly string[] {
  const broken = brokenGlass(votes);
  if (broken === undefined) return [];
  const seen =
    review === undefined ? 'not reviewed yet' : `reviewed by ${asciiLine(review.person)} ${clockTime(review.time)}`;
  const said = review?.comment === undefined ? '' : `: ${wordsLine(review.comment)}`;
  return [
    `BREAK-GLASS by ${asciiLine(broken.person)} alone, ${clockTime(broken.time)}, ${seen}${said}`,
    `  > ${wordsLine(broken.comment ?? '')}`,
    '',
  ];
}

function voteLine({ person, decision, time, channel, comment, breakGlass }: Vote): string {
  const said = comment === undefined ? '' : `: ${wordsLine(comment)}`;
  const alone = breakGlass === true ? ', break-glass' : '';
  return `  ${asciiLine(person)} ${decision} ${clockTime(time)} (${channel}${alone})${said}`;
}

const asOneLine = (text: Masked<string>): string => wordsLine(open(text));

const howToVote = (id: string, isOpenNow: boolean, { ownerMay, breakGlass }: Requirement): readonly string[] =>
  isOpenNow
    ? [
        `Vote: countersign approvals approve ${asciiLine(id)}`,
        `      countersign approvals deny ${asciiLine(id)} --comment "what the agent should do instead"`,
        ...(breakGlass === undefined
          ? []
          : [
              `      countersign approvals break-glass ${asciiLine(id)} REASON`,
              `        alone, for who is in ${asciiLine(breakGlass.groups.join(' and in '))}; marked, and open until somebody else has reviewed it`,
            ]),
        ...(ownerMay ? ['The person behind the agent may vote too; the log marks it as self-approved.'] : []),
      ]
    : ['It is decided: no vote counts any more.'];

/** One line an approval, oldest first. */
export function renderApprovals(approvals: readonly Approval[]): string {
  if (approvals.length === 0) return 'No approvals.';
  const rows = approvals.map((approval) => [
    asciiLine(approval.id),
    approval.state + (brokenGlass(approval.votes) === undefined ? '' : ' BREAK-GLASS'),
    asciiLine(needsInWords(approval.requirement, approval.have)),
    clockTime(approval.state === 'approved' ? (approval.useBy ?? approval.decideBy) : approval.decideBy),
    asciiLine(approval.principal.agent),
    asciiLine(approval.cluster.name),
    `${asciiLine(approval.tool)}: ${asciiLine(open(approval.card.summary))}`,
  ]);
  const table = [['ID', 'STATE', 'NEEDS', 'UNTIL', 'AGENT', 'CLUSTER', 'WHAT'], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
