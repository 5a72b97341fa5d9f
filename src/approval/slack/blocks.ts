import type { Approval } from '../../domain/approval.ts';
import { isOpen } from '../../domain/approval.ts';
import { open } from '../../domain/masked.ts';
import { asciiLine, wordsLine } from '../escape.ts';
import { type Mentions, mentionAll } from './mentions.ts';
import { clockTime, code, escaped, shortened } from './mrkdwn.ts';
import { mostDigests, type Shown, shownOf, wholePlan } from './whole-plan.ts';
import { actionIds, buttonValue } from './wire.ts';
import { counted, headerOf, needs, statusLine } from './words.ts';

type Block = { readonly type: string; readonly block_id: string; readonly [key: string]: unknown };

/** Characters of the agent's reason that the message shows; all of it is in the file. */
const mostReason = 300;

/**
 * The message of an approval, top to bottom as an approver should read it; buttons come last. What is not ours is printable
 * ASCII in code spans, or literal rich text. https://docs.slack.dev/reference/block-kit/blocks
 */
export function messageBlocks(approval: Approval, mentions: Mentions, hasFile: boolean): readonly Block[] {
  const shown = shownOf(approval);
  return [
    { type: 'header', block_id: 'header', text: plainText(headerOf(approval)) },
    fields(approval, mentions),
    ...risks(approval, shown),
    ...diff(approval, shown, hasFile),
    origin(approval),
    quote(approval),
    ...(isOpen(approval.state)
      ? [actions(approval, isApprovable(approval, hasFile)), howTo(approval, shown, hasFile), ...glass(approval)]
      : []),
    context('status', statusLine(approval, mentions)),
  ];
}

/** Approve counts only on what can be read whole: in the message, or in the file that stands in the thread. */
export const isApprovable = (approval: Approval, hasFile: boolean): boolean =>
  approval.state === 'pending' && !approval.requirement.confirmCode && (shownOf(approval).isWhole || hasFile);

const plainText = (text: string): object => ({ type: 'plain_text', text, emoji: false });
const mrkdwn = (text: string): object => ({ type: 'mrkdwn', text, verbatim: true });
const context = (id: string, ...texts: readonly string[]): Block => ({
  type: 'context',
  block_id: id,
  elements: texts.map(mrkdwn),
});

function fields(approval: Approval, mentions: Mentions): Block {
  const { principal, cluster } = approval;
  const person = principal.person === undefined ? 'nobody known' : mentions.person(principal.person);
  const asked = mentionAll(mentions, approval);
  const until = clockTime(approval.decideBy, '{date_short_pretty} {time}');
  return {
    type: 'section',
    block_id: 'facts',
    fields: [
      mrkdwn(`*Who*\n${code(principal.agent)} for ${person}${principal.verified ? '' : ' (not verified)'}`),
      mrkdwn(`*Where*\n${code(cluster.name)}${namespacesOf(approval)}`),
      mrkdwn(`*Needs*\n${needs(approval)}${asked === '' ? '' : ` ${asked}`}${exceptions(approval)}`),
      mrkdwn(`*Decide by*\n${until}`),
    ],
  };
}

/** Objects are `Kind/namespace/name`, or `Kind/name` for the cluster's own. */
function namespacesOf({ objects }: Approval): string {
  const parts = objects.map((object) => object.split('/'));
  const found = [...new Set(parts.flatMap(([, namespace, name]) => (name === undefined ? [] : (namespace ?? []))))];
  const more = found.length > 3 ? ` and ${found.length - 3} more` : '';
  return found.length === 0 ? '' : ` / ${found.slice(0, 3).map(code).join(', ')}${more}`;
}

function exceptions({ requirement }: Approval): string {
  const { ownerMay, escalation = [] } = requirement;
  return [
    ...(ownerMay ? [' (the person behind the agent may too)'] : []),
    ...escalation
      .slice(0, 5)
      .map(({ afterSeconds, group }) => `\n${code(group)} too after ${Math.ceil(afterSeconds / 60)} min`),
  ].join('');
}

/** Slack refuses an empty text element, and the whole message with it. */
const literal = (text: string): object => ({ type: 'text', text: text === '' ? '(empty)' : text });
const bold = (text: string): object => ({ type: 'text', text, style: { bold: true } });

function risks({ card: { risks: dangers, notes = [] } }: Approval, shown: Shown): readonly Block[] {
  return [
    ...listed('risks', 'Risks', shown.risks, counted(dangers.length, 'risk')),
    ...listed('notes', 'Note', shown.notes, counted(notes.length, 'note')),
  ];
}

function listed(id: string, title: string, lines: readonly string[] | undefined, count: string): readonly Block[] {
  if (lines === undefined)
    return [context(id, `*${count}*: too many to show here, they are in the file in the thread`)];
  if (lines.length === 0) return [];
  const items = lines.map((line) => ({ type: 'rich_text_section', elements: [literal(line)] }));
  return [
    {
      type: 'rich_text',
      block_id: id,
      elements: [
        { type: 'rich_text_section', elements: [bold(title)] },
        { type: 'rich_text_list', style: 'bullet', elements: items },
      ],
    },
  ];
}

function diff(approval: Approval, shown: Shown, hasFile: boolean): readonly Block[] {
  if (shown.diff !== undefined)
    return [
      {
        type: 'rich_text',
        block_id: 'diff',
        elements: [
          { type: 'rich_text_preformatted', elements: [literal(shown.diff === '' ? '(no change)' : shown.diff)] },
        ],
      },
    ];
  const summary = shortened(asciiLine(open(approval.card.summary)), 800);
  const { name, digest } = wholePlan(approval);
  const where = hasFile ? 'in the thread' : 'on its way into the thread';
  return [
    {
      type: 'rich_text',
      block_id: 'diff',
      elements: [
        {
          type: 'rich_text_section',
          elements: [literal(`${summary}\n`), bold(`${shown.counts}; the whole diff is ${where}`)],
        },
      ],
    },
    context('file', `${code(name)} ${code(digest)}`),
  ];
}

function origin(approval: Approval): Block {
  const digests = approval.manifestDigests.slice(0, mostDigests);
  const more = approval.manifestDigests.length - digests.length;
  return context(
    'origin',
    [
      ...digests.map((digest) => `manifest ${code(digest)}`),
      ...(more > 0 ? [`and ${more} more, in the file in the thread`] : []),
      `plan ${code(approval.planDigest)}`,
      `asked by rule ${code(approval.rule)}${because(approval)} · ${code(`countersign approvals show ${approval.id}`)}`,
    ].join('\n'),
  );
}

/** The rule's own description. All of it is in the policy, and in what `approvals show` prints. */
const because = ({ because: why }: Approval): string =>
  why === undefined ? '' : `: ${escaped(shortened(asciiLine(why), mostReason))}`;

function quote({ card }: Approval): Block {
  const said = shortened(wordsLine(open(card.reason)).trim(), mostReason) || '(no reason given)';
  return {
    type: 'rich_text',
    block_id: 'reason',
    elements: [{ type: 'rich_text_quote', elements: [bold('The agent says (not verified): '), literal(said)] }],
  };
}

function actions(approval: Approval, approvable: boolean): Block {
  const value = buttonValue(approval);
  const button = (text: string, action: string, more: object): object => ({
    type: 'button',
    action_id: action,
    text: plainText(text),
    value,
    ...more,
  });
  return {
    type: 'actions',
    block_id: 'actions',
    elements: [
      ...(approvable ? [button('Approve', actionIds.approve, { style: 'primary', ...confirmation(approval) })] : []),
      button('Deny', actionIds.deny, { style: 'danger' }),
      button('Whole diff', actionIds.diff, {}),
    ],
  };
}

/** Asked once more where there is a risk. */
function confirmation({ card, cluster, tool }: Approval): object {
  const [worst] = card.risks;
  if (worst === undefined) return {};
  const more = card.risks.length > 1 ? ` And ${counted(card.risks.length - 1, 'more risk')}.` : '';
  const said = shortened(asciiLine(open(worst)), 200);
  return {
    confirm: {
      title: plainText(`${asciiLine(tool)} in ${asciiLine(cluster.name)}?`.slice(0, 100)),
      text: plainText(`${said}.${more}`),
      confirm: plainText('Approve'),
      deny: plainText('Go back'),
      style: 'danger',
    },
  };
}

function howTo(approval: Approval, { isWhole }: Shown, hasFile: boolean): Block {
  const { id, requirement, state } = approval;
  const exactly = code(`approve ${id}`);
  if (state === 'approved')
    return context('how', `${code('undo')} in the thread takes back your approve; Deny still stops it.`);
  if (requirement.confirmCode)
    return context('how', `To approve, reply in the thread: ${exactly}. To stop it: ${code('deny')} and why.`);
  if (!isWhole && !hasFile) return context('how', 'Approve appears once the whole diff is in the thread.');
  return context(
    'how',
    `Or reply in the thread: ${code('approve')}, ${code('deny what to do instead')}, ${code('help')}`,
  );
}

/** Who else may decide this alone: nobody should learn of it only when it was done. */
function glass({ id, requirement: { breakGlass }, state }: Approval): readonly Block[] {
  if (breakGlass === undefined || breakGlass.groups.length === 0 || state !== 'pending') return [];
  const groups = breakGlass.groups.slice(0, 10).map(code).join(' and ');
  const more = breakGlass.groups.length > 10 ? ` and ${breakGlass.groups.length - 10} more groups` : '';
  const how = code(`break-glass ${id}`);
  return [
    context(
      'glass',
      `This rule has break-glass: who is in ${groups}${more} may approve it alone, loudly: ${how} and why.`,
    ),
  ];
}
