import { describe, expect, it } from 'vitest';
import { asciiLines, forTerminal } from '../../../src/approval/escape.ts';
import { renderApproval, renderApprovals } from '../../../src/approval/terminal/render.ts';
import { type Ident, ident } from '../../../src/domain/masked.ts';
import { seal } from '../../../src/domain/seal.ts';
import { approval } from '../../support/approvals.ts';

describe('what an approver is shown', () => {
  it('has everything, risks before the diff and the agent last', () => {
    expect(renderApproval(approval())).toBe(`DANGER apply in shop-prod . cs-7f3k2m . pending
  Deployment shop/web, image web:1.4.1 -> web:1.4.2

Who       deploy-bot for li@example.com
Where     shop-prod (uid u-1)
Object    Deployment/shop/web
Needs     0 of 1 from sre
Decide by 2026-11-21 09:29:00Z
Agent     is waiting

Risks
  ! takes spec.replicas from hpa-controller

Changes
  | -  image: web:1.4.1
  | +  image: web:1.4.2

Plan      sha256:plan
Manifest  sha256:9f0c
Rule      prod-mutations (bundle sha256:77de)

The agent says (not verified):
  > the canary looks fine

Vote: countersign approvals approve cs-7f3k2m
      countersign approvals deny cs-7f3k2m --comment "what the agent should do instead"`);
  });

  it('lets no control, bidirectional, zero-width or lookalike character pass', () => {
    const evil = '\u001b[2J\u009b1A\u202eweb\u200b\u2066\r\u0008\u00ad\ufeff\u{e0041}\ufe0f';
    const text = renderApproval(
      approval({
        objects: [ident(`Pod/${evil}`), `raw/${evil}` as Ident],
        rule: evil,
        card: {
          summary: seal(`${evil} w\u0435b`),
          risks: [seal(evil)],
          diff: seal(`${evil}\n\u0430pp`),
          reason: seal(`${evil}\n+ a line that is not of the diff é`),
        },
        votes: [{ person: evil, decision: 'approve', comment: `${evil}\nx`, time: 0, channel: 'terminal', n: 1 }],
      }),
    );
    expect(text.replace(/[\x20-\x7e\né]/g, '')).toBe('');
    expect(text).toContain('\\u{1b}[2J\\u{9b}1A\\u{202e}web\\u{200b}');
    expect(text).toContain('w\\u{435}b');
    expect(text).toContain('| \\u{430}pp');
    expect(text).not.toMatch(/^\+ a line/m);
  });

  it('keeps every line of a long diff', () => {
    const diff = Array.from({ length: 20_000 }, (_, i) => `+ line ${i}`).join('\n');
    const text = renderApproval(approval({ card: { ...approval().card, diff: seal(diff) } }));
    expect(text.match(/^ {2}\| \+ line \d+$/gm)).toHaveLength(20_000);
  });

  it('says who is asked later, and who could countersign alone', () => {
    const requirement = {
      ...approval().requirement,
      escalation: [{ afterSeconds: 300, group: 'leads' }],
      breakGlass: { groups: ['oncall', 'sre'], withinSeconds: 60 },
    };
    const text = renderApproval(approval({ requirement }));
    expect(text).toContain('Or from   leads, after 2026-11-21 09:19:00Z');
    expect(text).toContain('alone, for who is in oncall and in sre');
    expect(renderApproval(approval({ requirement, state: 'denied' }))).not.toMatch(/Or from|break-glass/);
  });

  it('offers no vote after the end', () => {
    expect(renderApproval(approval({ state: 'denied' }))).not.toContain('Vote:');
  });

  it('lists one line an approval', () => {
    const rows = renderApprovals([
      approval(),
      approval({ id: 'cs-aaaaaa', card: { ...approval().card, summary: seal('a\nb') } }),
    ]);
    expect(rows.split('\n')).toHaveLength(3);
    expect(rows).toContain('cs-7f3k2m  pending  0 of 1 from sre');
    expect(renderApprovals([])).toBe('No approvals.');
  });
});

describe('escaping', () => {
  it('keeps the letters of people and makes them visible where it matters', () => {
    expect(forTerminal('Grüße,\n\tこんにちは')).toBe('Grüße,\n    こんにちは');
    expect(asciiLines('Grüße\n')).toBe('Gr\\u{fc}\\u{df}e\n');
  });
});
