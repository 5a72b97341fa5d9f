import { z } from 'zod';
import { slackConfigSchema } from './slack/config.ts';

/** `approvals` in the configuration. */
export const approvalConfigSchema = z
  .strictObject({
    local: z
      .enum(['off', 'enabled', 'sudo'])
      .default('off')
      .describe(
        'Who votes with `countersign approvals` on this machine. sudo: whoever may run it as the user of the server, each as the user that ran sudo. enabled: the user of the server alone; whoever has a shell as that user can then vote',
      ),
    openPerAgent: z.int().min(1).max(1_000).default(5).describe('How many open approvals one agent may have'),
    openPerOwner: z.int().min(1).max(10_000).default(20).describe('How many those of one person together may have'),
    askedPerHour: z
      .int()
      .min(1)
      .max(10_000)
      .default(60)
      .describe('How many approvals one agent may ask for within an hour, withdrawn ones too'),
    denialStandsMinutes: z.int().min(0).max(1_440).default(30).describe('How long a denied plan is not asked again'),
    keepFinishedDays: z.int().min(1).max(3_650).default(30).describe('When finished approvals are moved away'),
    slack: slackConfigSchema.optional().describe('People are asked, and vote, in a Slack channel (docs/slack.md)'),
  })
  .prefault({});
export type ApprovalConfig = z.infer<typeof approvalConfigSchema>;

/** What `createApprovals` goes by; the configuration without what only the channels ask. */
export type ApprovalLimits = Omit<ApprovalConfig, 'local' | 'slack'>;
