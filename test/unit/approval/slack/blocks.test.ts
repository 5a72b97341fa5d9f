import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageBlocks } from '../../../../src/approval/slack/blocks.ts';
import { createMentions } from '../../../../src/approval/slack/mentions.ts';
import { shownOf, wholePlan } from '../../../../src/approval/slack/whole-plan.ts';
import {
  endLine,
  headerOf,
  helpText,
  pushText,
  reminder,
  statusReply,
  tellOwner,
} from '../../../../src/approval/slack/words.ts';
import { approvalStates, type Vote } from '../../../../src/domain/approval.ts';
import { type Ident, ident } from '../../../../src/domain/masked.ts';
import { seal } from '../../../../src/domain/seal.ts';
import { agent, approval, oneOfSre } from '../../../support/approvals.ts';
import { faultOfBlocks } from '../../../support/slack/limits.ts';
import { slackPeople } from '../../../support/slack-rig.ts';

const mentions = createMentions(slackPeople, { mention: true, userGroups: { sre: 'S0SRE00001' } });
const card = (
  changes: Partial<Record<'summary' | 'diff' | 'reason', string>> & { risks?: readonly string[] } = {},
) => ({
  summary: seal(changes.summary ?? 'Deployment shop/web, image web:1.4.1 -> web:1.4.2'),
  risks: (changes.risks ?? []).map((risk) => seal(risk)),
  diff: seal(changes.diff ?? 'Deployment shop/web is changed\n  image: web:1.4.1 -> web:1.4.2'),
  reason: seal(changes.reason ?? 'the canary looks fine'),
});
const types = (blocks: readonly { readonly block_id: string }[]): readonly string[] =>
  blocks.map((block) => block.block_id);

/** Every text that Slack would read as markup. */
function marked(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(marked);
  if (typeof value !== 'object' || value === null) return [];
  const own = 'type' in value && value.type === 'mrkdwn' && 'text' in value ? [String(value.text)] : [];
  return [...own, ...Object.values(value).flatMap(marked)];
}

describe('the message of an approval', () => {
  it('stands in the order in which it should be read: facts, risks, diff, origin, the agent last, then buttons', () => {
    const blocks = messageBlocks(
      approval({ card: card({ risks: ['takes spec.replicas from hpa'] }) }),
      mentions,
      false,
    );
    expect(types(blocks)).toEqual(['header', 'facts', 'risks', 'diff', 'origin', 'reason', 'actions', 'how', 'status']);
    expect(blocks[0]).toMatchObject({ text: { text: 'DANGER apply 1 object in shop-prod · cs-7f3k2m' } });
    expect(JSON.stringify(blocks)).toContain('"confirm":{"title"');
  });

  it('asks for no confirmation where there is no risk', () => {
    const blocks = messageBlocks(approval({ card: card() }), mentions, false);
    expect(blocks[0]).toMatchObject({ text: { text: 'Apply 1 object in shop-prod · cs-7f3k2m' } });
    expect(JSON.stringify(blocks)).not.toContain('"confirm":');
  });

  it('cries no danger for what is only to be borne in mind, and shows it', () => {
    const mild = { ...card(), notes: [seal('has images that are not pinned by digest: nginx')] };
    const blocks = messageBlocks(approval({ card: mild }), mentions, false);
    expect(types(blocks).slice(0, 4)).toEqual(['header', 'facts', 'notes', 'diff']);
    expect(blocks[0]).toMatchObject({ text: { text: 'Apply 1 object in shop-prod · cs-7f3k2m' } });
    expect(JSON.stringify(blocks)).toContain('not pinned by digest: nginx');
    expect(JSON.stringify(blocks)).not.toContain('"confirm":');
    const many = { ...card(), notes: Array.from({ length: 60 }, () => seal('x')) };
    expect(shownOf(approval({ card: many })).isWhole).toBe(false);
    expect(wholePlan(approval({ card: mild })).content).toContain(
      '  - has images that are not pinned by digest: nginx',
    );
  });

  it('says why its rule asks, in the words of the rule, which are no markup', () => {
    const blocks = messageBlocks(approval({ because: 'Ask <!channel> & *two*.' }), mentions, false);
    const origin = JSON.stringify(blocks.find((block) => block.block_id === 'origin'));
    expect(origin).toContain('asked by rule `prod-mutations`: Ask &lt;!channel&gt; &amp; ');
    expect(wholePlan(approval({ because: 'Ask two.' })).content).toContain('because   Ask two.');
  });

  it('says at the end that somebody broke the glass', () => {
    const votes: readonly Vote[] = [
      {
        ...{ person: 'ana@example.com', decision: 'approve', comment: 'the shop is down', channel: 'terminal' },
        ...{ time: 0, n: 1, breakGlass: true },
      },
    ];
    const over = approval({ state: 'executed', votes });
    expect(headerOf(over)).toContain('BREAK-GLASS, Executed: ');
    expect(endLine(over, 'Applied.', mentions)).toMatch(/^Executed by \*break-glass\* of <@U0ANA00001> alone: /);
    expect(headerOf(approval({ state: 'executed' }))).not.toContain('BREAK');
    const denied = approval({ state: 'denied', votes });
    expect(headerOf(denied) + endLine(denied, undefined, mentions)).not.toMatch(/break-glass/i);
  });

  it('pushes facts, never the words of the agent', () => {
    const text = pushText(approval({ card: card({ reason: 'URGENT approve now' }) }));
    expect(text).toBe(
      'deploy-bot asks: apply Deployment shop/web, image web:1.4.1 -&gt; web:1.4.2, in shop-prod (cs-7f3k2m, 15 min)',
    );
  });

  it('is taken by Slack where no reason was given, and says so', () => {
    for (const reason of ['', '  ']) {
      const blocks = messageBlocks(approval({ card: card({ reason }) }), mentions, false);
      expect(faultOfBlocks(blocks)).toBeUndefined();
      expect(JSON.stringify(blocks)).toContain('"(no reason given)"');
    }
  });

  it('says who may break the glass, while that can still be done', () => {
    const requirement = { ...oneOfSre, breakGlass: { groups: ['oncall', 'security'], withinSeconds: 600 } };
    const said = JSON.stringify(messageBlocks(approval({ requirement }), mentions, false));
    expect(said).toContain('who is in `oncall` and `security` may approve it alone');
    expect(said).toContain('`break-glass cs-7f3k2m`');
    expect(JSON.stringify(messageBlocks(approval(), mentions, false))).not.toContain('break-glass');
    const ended = messageBlocks(approval({ requirement, state: 'executed' }), mentions, false);
    expect(JSON.stringify(ended)).not.toContain('break-glass');
  });

  it('reads a plan of megabytes once, however often it is shown', () => {
    let read = 0;
    const counting = {
      ...card(),
      get diff() {
        read++;
        return seal('  a: b -> c');
      },
    };
    const shown = approval({ card: counting });
    messageBlocks(shown, mentions, false);
    const once = read;
    messageBlocks(shown, mentions, true);
    messageBlocks({ ...shown, have: 1 }, mentions, true);
    expect(read).toBe(once);
  });

  it('has no buttons once it is decided', () => {
    for (const state of approvalStates) {
      const has = types(messageBlocks(approval({ state }), mentions, true)).includes('actions');
      expect(has).toBe(state === 'pending' || state === 'approved');
    }
  });

  it('shows a plan of 2 MB as counts, a digest and a file that is cut at nothing', () => {
    const diff = Array.from({ length: 40_000 }, (_, n) => `  spec.number${n}: some old value -> some new value`).join(
      '\n',
    );
    const asked = approval({ card: card({ diff, summary: 'x'.repeat(50_000) }) });
    const blocks = messageBlocks(asked, mentions, true);
    const { content, digest } = wholePlan(asked);
    expect(Buffer.byteLength(content)).toBeGreaterThan(2_000_000);
    expect(content).toContain('spec.number39999: some old value -> some new value');
    expect(JSON.stringify(blocks)).toContain(`40000 changes in 1 object; the whole diff is in the thread`);
    expect(JSON.stringify(blocks)).toContain(digest);
    expect(faultOfBlocks(blocks)).toBeUndefined();
  });

  it('puts risks that do not fit into the file, and says so', () => {
    const risks = Array.from({ length: 60 }, (_, n) => `mounts /host/path/${n}`);
    const asked = approval({ card: card({ risks }) });
    expect(JSON.stringify(messageBlocks(asked, mentions, false))).toContain('60 risks*: too many to show here');
    expect(JSON.stringify(messageBlocks(asked, mentions, false))).toContain('Approve appears once');
    expect(wholePlan(asked).content).toContain('! mounts /host/path/59');
  });
});

describe('nothing that is not ours can speak', () => {
  const evil =
    '<!channel> <@U0ANA00001> <https://evil.example|click> *bold* `code` &lt; \u202e\u200b\u0007 :tada: \n> quote ```x``` а';
  const hostile = approval({
    card: card({ summary: evil, diff: evil, reason: evil, risks: [evil] }),
    principal: { ...agent, agent: evil, person: evil },
    cluster: { name: evil, uid: evil, caDigest: evil },
    objects: [ident(`Pod/shop/${evil}`), `raw/${evil}/x` as Ident],
    tool: evil,
    rule: evil,
    planDigest: 'sha256:ab12',
    manifestDigests: [evil],
    requirement: { ...oneOfSre, slots: [{ group: evil, count: 1 }], escalation: [{ afterSeconds: 60, group: evil }] },
    votes: [
      { person: 'ana@example.com', decision: 'deny', comment: evil, time: 1, channel: 'slack', n: 1 },
      { person: evil, decision: 'approve', comment: evil, time: 1, channel: 'slack', n: 1 },
    ],
  });
  /** What we write ourselves: times, and people whom the registry names. */
  const ours = /<!date\^\d+\^[{}a-z_ ]+\|[^<>|]+>|<@U0[A-Z0-9]+>|<!subteam\^S0SRE00001>/g;

  it.each(approvalStates)('in a message that is %s', (state) => {
    const blocks = messageBlocks({ ...hostile, state }, mentions, true);
    const sentences = [
      ...marked(blocks),
      pushText({ ...hostile, state }),
      endLine({ ...hostile, state }, evil, mentions),
      endLine({ ...hostile, state }, undefined, mentions),
      tellOwner({ ...hostile, state }, evil, mentions),
      reminder(hostile, mentions),
      statusReply(hostile, mentions),
      helpText(hostile),
    ];
    for (const text of sentences) {
      const rest = text.replace(ours, '');
      expect(rest).not.toMatch(/[<>]/);
      expect(text).not.toContain('<@U0ANA00001> <https');
      expect(rest.replace(/`[^`\n]*`/g, '')).not.toMatch(/`|:tada:|\*bold/);
    }
    expect(JSON.stringify(blocks)).not.toMatch(/[\u202e\u200b]|\\u0007/);
    // Letters of other scripts stay in the agent's words alone.
    expect(
      JSON.stringify(blocks.filter(({ block_id }) => !['reason', 'status', 'actions'].includes(block_id))),
    ).not.toContain('а');
  });

  it('within Slack’s limits, whatever it is given', () => {
    const words = fc.string({ unit: 'binary', maxLength: 4_000 });
    const people = fc.array(fc.record({ person: words, comment: words }), { maxLength: 30 });
    fc.assert(
      fc.property(
        words,
        words,
        words,
        fc.array(words, { maxLength: 60 }),
        people,
        fc.boolean(),
        (a, b, c, many, voters, file) => {
          const asked = approval({
            card: card({ summary: a, diff: b, reason: c, risks: many }),
            principal: { ...agent, agent: a },
            manifestDigests: many,
            objects: many.map((each) => ident(`Pod/${each}/x`)),
            rule: b,
            requirement: { ...oneOfSre, slots: many.map((group) => ({ group, count: 1 })) },
            votes: voters.map(({ person, comment }, n) => ({
              ...{ person: `${n}${person}`, comment, time: 1, channel: 'slack' as const, n: 1 },
              decision: n === 29 ? ('deny' as const) : ('approve' as const),
            })),
          });
          for (const state of ['pending', 'denied'] as const) {
            const blocks = messageBlocks({ ...asked, state }, mentions, file);
            expect(faultOfBlocks(blocks)).toBeUndefined();
            expect(JSON.stringify(blocks).length).toBeLessThan(20_000);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
