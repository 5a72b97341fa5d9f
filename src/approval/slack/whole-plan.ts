import { createHash } from 'node:crypto';
import type { Approval } from '../../domain/approval.ts';
import { open } from '../../domain/masked.ts';
import { asciiLine, asciiLines, wordsLine } from '../escape.ts';

/** Characters of a diff that a message shows; a longer one comes as a file in the thread. */
const mostShown = 2_500;

/** Everything that a vote is about, as a text that never changes: what a message cannot hold is read here. */
export interface WholePlan {
  readonly name: string;
  readonly content: string;
  /** `sha256:<hex>` of the content. */
  readonly digest: string;
}

/** By what is shown, which never changes: a plan of megabytes is not made again for each edit of its message. */
const made = new WeakMap<Approval['card'], WholePlan>();

export function wholePlan(approval: Approval): WholePlan {
  const before = made.get(approval.card);
  if (before?.name === fileName(approval)) return before;
  const plan = makePlan(approval);
  made.set(approval.card, plan);
  return plan;
}

const fileName = ({ id }: Approval): string => `${id}.txt`;

function makePlan(approval: Approval): WholePlan {
  const { id, tool, cluster, card } = approval;
  const { notes = [] } = card;
  const content = `${[
    `${asciiLine(tool)} in ${asciiLine(cluster.name)} (uid ${asciiLine(cluster.uid)}) . ${asciiLine(id)}`,
    `for ${asciiLine(approval.principal.agent)}, person ${asciiLine(approval.principal.person ?? 'not known')}`,
    ...lines(open(card.summary)),
    '',
    ...approval.objects.map((object) => `object    ${asciiLine(object)}`),
    `plan      ${asciiLine(approval.planDigest)}`,
    ...approval.manifestDigests.map((digest) => `manifest  ${asciiLine(digest)}`),
    `rule      ${asciiLine(approval.rule)} (bundle ${asciiLine(approval.bundleDigest)})`,
    ...(approval.because === undefined ? [] : [`because   ${asciiLine(approval.because)}`]),
    '',
    ...(card.risks.length === 0 ? [] : ['Risks', ...card.risks.flatMap((risk) => lines(open(risk), '  ! ')), '']),
    ...(notes.length === 0 ? [] : ['Note', ...notes.flatMap((note) => lines(open(note), '  - ')), '']),
    'Changes',
    ...lines(open(card.diff), '  '),
    '',
    'The agent says (not verified):',
    `  > ${wordsLine(open(card.reason)).trim() || '(no reason given)'}`,
  ].join('\n')}\n`;
  return { name: fileName(approval), content, digest: `sha256:${createHash('sha256').update(content).digest('hex')}` };
}

const lines = (text: string, indent = ''): readonly string[] =>
  asciiLines(text)
    .split('\n')
    .map((line) => indent + line);

export interface Shown {
  /** The diff and the risks as the message shows them; undefined: too long, they are in the file. */
  readonly diff: string | undefined;
  readonly risks: readonly string[] | undefined;
  readonly notes: readonly string[] | undefined;
  /** `12 changes in 2 objects`. */
  readonly counts: string;
  /** Everything is in the message itself. */
  readonly isWhole: boolean;
}

/** What of a plan fits into a message. Nothing is shown in part: it is there whole, or it is in the file. */
export function shownOf({ card, objects, manifestDigests }: Approval): Shown {
  const { diff, risks, notes, changes } = shownOfCard(card);
  const some = objects.length === 1 ? 'object' : 'objects';
  return {
    diff,
    risks,
    notes,
    counts: `${changes} ${changes === 1 ? 'change' : 'changes'} in ${objects.length} ${some}`,
    isWhole: diff !== undefined && risks !== undefined && notes !== undefined && manifestDigests.length <= mostDigests,
  };
}

interface ShownCard extends Pick<Shown, 'diff' | 'risks' | 'notes'> {
  readonly changes: number;
}

/** Like `made`: each look at an open approval asks several times. */
const shownCards = new WeakMap<Approval['card'], ShownCard>();

function shownOfCard(card: Approval['card']): ShownCard {
  const before = shownCards.get(card);
  if (before !== undefined) return before;
  const diff = asciiLines(open(card.diff));
  const risks = card.risks.map((risk) => asciiLine(open(risk)));
  const notes = (card.notes ?? []).map((note) => asciiLine(open(note)));
  const shown = {
    diff: diff.length <= mostShown ? diff : undefined,
    risks: fits(risks, 2_500) ? risks : undefined,
    notes: fits(notes, 1_000) ? notes : undefined,
    changes: diff.split('\n').filter((line) => line.startsWith('  ')).length,
  };
  shownCards.set(card, shown);
  return shown;
}

const fits = (lines: readonly string[], characters: number): boolean =>
  lines.length <= 40 && lines.reduce((sum, line) => sum + line.length, 0) <= characters;

/** Digests of manifests that a message names. */
export const mostDigests = 5;
