import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { messageBlocks } from '../../../src/approval/slack/blocks.ts';
import { createMentions } from '../../../src/approval/slack/mentions.ts';
import type { Approval } from '../../../src/domain/approval.ts';
import { ident } from '../../../src/domain/masked.ts';
import { seal } from '../../../src/domain/seal.ts';
import { draft, oneOfSre } from '../approvals.ts';
import { slackPeople, slackUsers } from '../slack-rig.ts';
import { slackHtml } from './slack-html.ts';

const at = (time: string): number => Date.parse(`2026-11-21T${time}Z`);
const { input: _, ...asked } = draft({
  objects: [ident('Deployment/shop/web')],
  planDigest: 'sha256:ab1290c1d0f6a4b7e5530d7c2f8d4f3be29a6c1e07b85c9d3f416a2e88d05c17',
  manifestDigests: ['sha256:9f0c41be5d1c7a93e60bb7a1f48f2d5c8e0934a7d6b1c25f7e8a90b3c4d5e6f7'],
  because: 'A change to production needs two of sre.',
  requirement: { ...oneOfSre, slots: [{ group: 'sre', count: 2 }] },
  card: {
    summary: seal('Deployment shop/web, 2 changes'),
    risks: [seal('takes spec.replicas from hpa-controller')],
    notes: [seal('has images that are not pinned by digest: registry.example/web:1.4.2')],
    diff: seal(
      [
        'Deployment shop/web is changed',
        '  spec.template.spec.containers[web].image: registry.example/web:1.4.1 -> registry.example/web:1.4.2',
        '  spec.replicas: 5 -> 3',
        '  spec.replicas: taken over from hpa-controller',
      ].join('\n'),
    ),
    reason: seal('the canary ran for an hour without errors, roll it out'),
  },
});
const approval: Approval = {
  ...asked,
  ...{ id: 'cs-7f3k2m', state: 'pending', createdAt: at('09:14:02'), decideBy: at('09:29:02'), useBy: undefined },
  votes: [
    {
      person: 'ana@example.com',
      decision: 'approve',
      comment: undefined,
      time: at('09:16:40'),
      channel: 'slack',
      n: 1,
    },
  ],
  ...{ have: 1, need: 2, awaited: true },
};
const mentions = createMentions(slackPeople, { mention: true, userGroups: { sre: 'S0SRE00001' } });
const names = { ...Object.fromEntries(Object.entries(slackUsers).map(([name, id]) => [id, name])), S0SRE00001: 'sre' };

// tsx test/support/docs/slack-picture.ts   (needs a Chromium in the path, or its path in CHROMIUM)
const folder = await mkdtemp(join(tmpdir(), 'cs-picture-'));
const page = join(folder, 'message.html');
const picture = join(import.meta.dirname, '../../../docs/images/slack-message.png');
await writeFile(page, slackHtml(messageBlocks(approval, mentions, false), names));
await execa(process.env.CHROMIUM ?? 'chromium', [
  '--headless',
  '--no-sandbox',
  '--hide-scrollbars',
  '--force-device-scale-factor=1.5',
  '--window-size=690,640',
  `--screenshot=${picture}`,
  `file://${page}`,
]);
await rm(folder, { recursive: true, force: true });
