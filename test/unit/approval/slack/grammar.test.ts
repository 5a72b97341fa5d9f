import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hear } from '../../../../src/approval/slack/grammar.ts';
import { escapeText, richText } from '../../../support/slack/payloads.ts';

/** As Slack's editor sends it, and as an app sends it with a person's token: without blocks. */
const typed = (text: string) => hear({ text: escapeText(text), blocks: [richText(text, 'b')] });
const bare = (text: string) => hear({ text: escapeText(text), blocks: [] });
const vote = (decision: string, code?: string, comment?: string, breakGlass = false) => ({
  kind: 'vote',
  decision,
  code,
  comment,
  breakGlass,
});
const code = 'cs-7f3k2m';

describe.each([
  ['typed', typed],
  ['without blocks', bare],
])('%s', (_, say) => {
  it.each([
    ['approve', vote('approve')],
    ['  APPROVE \n', vote('approve')],
    ['Approve.', vote('approve')],
    ['approve!', vote('approve')],
    [`approve ${code}`, vote('approve', code)],
    ['approve CS-7F3K2M', vote('approve', code)],
    [`approve ${code}.`, vote('approve', code)],
    [`approve \`${code}\` ok`, vote('approve', code, 'ok')],
    [`approve ${code} ok, canary looked fine`, vote('approve', code, 'ok, canary looked fine')],
    ['approve ok\nsecond line', vote('approve', undefined, 'ok\nsecond line')],
    ['approve a < b & c > d', vote('approve', undefined, 'a < b & c > d')],
    // A code that is not quite one is compared, and differs.
    ['approve cs-7f3k2', vote('approve', 'cs-7f3k2')],
    ['approve сs-7f3k2m', vote('approve', 'сs-7f3k2m')],
    ['approve сs-njbsxz', vote('approve', 'сs-njbsxz')],
    ['approve cs–7f3k2m', vote('approve', 'cs–7f3k2m')],
    ['approve cs7f3k2m', vote('approve', 'cs7f3k2m')],
    ['approve that is cs-zzzzzz', vote('approve', 'cs-zzzzzz', 'that is cs-zzzzzz')],
    ['approve in-time for v2', vote('approve', undefined, 'in-time for v2')],
    ['deny', vote('deny')],
    ['No.', vote('deny')],
    ['no, not during the sale', vote('deny', undefined, 'not during the sale')],
    ['STOP!!!', vote('deny')],
    ['reject: scale to 6 first', vote('deny', undefined, 'scale to 6 first')],
    [`deny ${code} ask after 18:00`, vote('deny', code, 'ask after 18:00')],
    ['no — wait', vote('deny', undefined, '— wait')],
    ['> approve\nno, please', vote('deny', undefined, 'please')],
    ['<@U0BOT00001> stop', vote('deny')],
    [':octagonal_sign: stop', vote('deny')],
    ['d\u200beny', vote('deny')],
    ['ｎｏ', vote('deny')],
    ['undo', vote('undo')],
    ['undo!', vote('undo')],
    ['deny canary2 first', vote('deny', undefined, 'canary2 first')],
    ['deny replicas6 then ask', vote('deny', undefined, 'replicas6 then ask')],
    ['approve isolated change', vote('approve', undefined, 'isolated change')],
    [`undo ${code} saw a mistake`, vote('undo', code, 'saw a mistake')],
    [`break-glass ${code} the shop is down`, vote('approve', code, 'the shop is down', true)],
    ['status', { kind: 'command', command: 'status' }],
    ['Diff.', { kind: 'command', command: 'diff' }],
    ['help?', { kind: 'command', command: 'help' }],
  ])('hears %j', (text, heard) => {
    expect(say(text)).toEqual(heard);
  });

  it.each([
    'approved',
    'approved?',
    'approve?',
    'approve this?',
    'approve ok ?',
    'lgtm',
    'ok',
    'Yes!',
    "don't approve",
    'do not approve',
    'I approve',
    'not approve',
    'approve not yet',
    'approve if the canary is fine',
    'approve unless it is Friday',
    `approve ${code} not yet`,
    `approve ${code}, not yet`,
    `approve ${code} if the canary is fine`,
    `approve ${code} — only when green`,
    `break-glass ${code} but not before 18:00`,
    'approve - not yet',
    'approve (if green)',
    'approve "not" yet',
    'approve\u00a0not yet',
    'approve\n\nnot yet',
    'approve only if green',
    "approve don't",
    'approve don’t',
    'approve but not before 18:00',
    'approve after lunch',
    'approve once the canary is fine',
    'approve until Friday',
    'approve nothing',
    'approve is wrong here',
    'approve NOT',
    'approve, with pleasure',
    'approve:',
    '"approve"',
    '*approve*',
    '> approve',
    '> approve\napprove',
    '`approve`',
    '```\napprove\n```',
    '~approve~',
    ':+1:',
    ':white_check_mark: approve',
    '<@U0BOT00001> approve',
    'аpprove', // Cyrillic а
    'appro\u200bve',
    '\u200bapprove',
    'ａｐｐｒｏｖｅ',
    'approve:+1:',
    'break-glass the shop is down',
    'break-glass',
    'denied',
    'no?',
    '👍',
    'nо', // Cyrillic о
    '`no`',
    '> no',
    '~stop~',
  ])('takes %j for no vote, and says how to vote', (text) => {
    expect(say(text)).toEqual({ kind: 'talk', hint: true });
  });

  it.each([
    'who wrote this?',
    'the diff looks odd',
    'what is the status of the canary',
    'nobody knows',
    'stopping by later',
    'nothing to see',
    '\u202eevorppa',
    '',
    'the other one, cs-7f3k2m',
  ])('takes %j for talk', (text) => {
    expect(say(text)).toEqual({ kind: 'talk', hint: false });
  });
});

describe('rich text', () => {
  const block = (...elements: object[]) => ({ type: 'rich_text', elements });
  const section = (...elements: object[]) => ({ type: 'rich_text_section', elements });
  const text = (words: string, style: object = {}) => ({ type: 'text', text: words, style });

  it('goes by the blocks, not by a text that says something else', () => {
    expect(hear({ text: 'approve', blocks: [block(section(text('what is this')))] })).toMatchObject({ kind: 'talk' });
    expect(hear({ text: 'hm', blocks: [block(section(text('approve')))] })).toMatchObject({ decision: 'approve' });
  });

  it('hears bold words, and a word that the editor cut in two', () => {
    expect(hear({ text: '', blocks: [block(section(text('approve', { bold: true })))] })).toEqual(vote('approve'));
    expect(hear({ text: '', blocks: [block(section(text('appr'), text('ove')))] })).toEqual(vote('approve'));
    expect(hear({ text: '', blocks: [block(section(text('approve'), text('d', { code: true })))] })).toMatchObject({
      kind: 'talk',
    });
  });

  it('takes a list and an unknown block for no approve, and a listed no for a deny', () => {
    const list = (words: string) => ({ type: 'rich_text_list', style: 'bullet', elements: [section(text(words))] });
    expect(hear({ text: '', blocks: [block(list('approve'))] })).toEqual({ kind: 'talk', hint: true });
    expect(hear({ text: '', blocks: [block(list('no'))] })).toMatchObject({ decision: 'deny' });
    expect(hear({ text: 'approve', blocks: [{ type: 'section', text: {} }] })).toMatchObject({ kind: 'talk' });
    expect(hear({ text: 'approve', blocks: [{ type: 'call' }, block(section(text('approve')))] })).toMatchObject({
      kind: 'talk',
    });
    expect(hear({ text: 'approve', blocks: [null, 'approve', 7] })).toMatchObject({ kind: 'talk' });
  });

  it('keeps mentions, links and emoji of a comment as what they are', () => {
    expect(typed('deny ask <@U0LI000001>, see https://example.com/x :fire:')).toEqual(
      vote('deny', undefined, 'ask @U0LI000001, see https://example.com/x :fire:'),
    );
  });
});

it('makes an approve of nothing that does not begin with that one word, whatever is typed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom(typed, bare), (text, say) => {
      const heard = say(text);
      if (heard.kind === 'vote' && heard.decision === 'approve')
        expect(text.trimStart()).toMatch(/^(?:approve|break-glass)(?:[.!]?(?:\s|$))/i);
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.string(), (before) => {
      fc.pre(before.trim() !== '' && !/^\s*approve[.!]?\s/i.test(before));
      const heard = typed(`${before} approve`);
      expect(heard.kind === 'vote' && heard.decision === 'approve').toBe(false);
    }),
    { numRuns: 2_000 },
  );
});
