import { z } from 'zod';

const secret = (what: string) =>
  z.string().min(1).describe(`${what}: a reference, env:NAME or file:PATH, never the value`);

/** The hosts that a token may be sent to without TLS: this machine, where the tests' server listens. */
const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

const apiUrl = z
  .url()
  .refine((url) => isSafe(new URL(url)), 'must be https://')
  .default('https://slack.com/api/')
  .describe('Where the Web API is; another one for GovSlack only');

function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname));
}

const groupId = z.string().regex(/^S[A-Z0-9]+$/, 'the id of a Slack user group, such as S0123ABC');

/** `approvals.slack` in the configuration. */
export const slackConfigSchema = z
  .strictObject({
    botToken: secret('The bot token of the app (xoxb-…)'),
    appToken: secret('The app-level token (xapp-…), which mode socket needs').optional(),
    signingSecret: secret('The signing secret of the app, which mode http needs').optional(),
    channel: z
      .string()
      .regex(/^[CG][A-Z0-9]+$/, 'the id of a channel, such as C0123ABC: below the name in the channel’s details')
      .describe('Id of the channel where approvals are asked; the app must be a member'),
    channelName: z
      .string()
      .regex(/^[^\s#@<>]{1,80}$/, 'the name without #')
      .optional()
      .describe('How agents and people are told of that channel; its id where it is missing'),
    mode: z
      .enum(['socket', 'http'])
      .default('socket')
      .describe('How votes come in: socket needs no public address; http takes signed requests'),
    listen: z
      .string()
      .regex(/^(?:shared|(?:[\w.-]+|\[[0-9a-f:]+\]):\d{1,5})$/, 'host:port, or shared')
      .default('127.0.0.1:8701')
      .describe(
        'With mode http: where signed requests are taken; TLS is the proxy’s in front of it. shared: on the address of `serve --http`, beside MCP',
      ),
    userGroups: z
      .record(z.string().min(1).max(200), groupId)
      .default({})
      .describe('Group of the policy to Slack user group: its members are in that group'),
    mention: z
      .boolean()
      .default(true)
      .describe('Whether a new approval, its reminder and its escalation mention people'),
    apiUrl,
  })
  .superRefine(({ mode, appToken, signingSecret }, context) => {
    if (mode === 'socket' && appToken === undefined)
      context.addIssue({ code: 'custom', path: ['appToken'], message: 'mode socket needs the app-level token' });
    if (mode === 'http' && signingSecret === undefined)
      context.addIssue({ code: 'custom', path: ['signingSecret'], message: 'mode http needs the signing secret' });
  });
export type SlackConfig = z.output<typeof slackConfigSchema>;
