import type { PeopleConfig } from '../approval/people.ts';
import { createSlackApi } from '../approval/slack/api.ts';
import { createSlackChannel } from '../approval/slack/channel.ts';
import type { SlackConfig } from '../approval/slack/config.ts';
import { createSlackInbound } from '../approval/slack/inbound.ts';
import { openSlackPeople } from '../approval/slack/people.ts';
import type { ApprovalChannel, Approvals, PeopleRegistry } from '../domain/approval.ts';
import type { Clock, Log } from '../domain/environment.ts';
import type { HttpRoute } from '../domain/http-route.ts';
import type { Masker } from '../domain/masker.ts';
import type { State } from '../domain/state.ts';

export interface SlackParts {
  /** Secrets in it are values by now. */
  readonly config: SlackConfig;
  readonly people: PeopleConfig;
  readonly state: State;
  readonly masker: Pick<Masker, 'text'>;
  /** A signed note where the audit log stands now; undefined: threads get none. */
  readonly checkpoint?: (() => Promise<string>) | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether this process takes HTTP: with `listen: shared` signed requests come in there, and nowhere else. */
  readonly takesHttp: boolean;
}

export interface OpenedSlack {
  /** The configured people and the members of the Slack user groups. */
  readonly people: PeopleRegistry;
  readonly channel: ApprovalChannel;
  /** Slack's signed requests, where they come in on the listener of `serve --http`. */
  readonly routes: readonly HttpRoute[];
  /** In a process that serves. Slack need not be there. */
  start(approvals: Approvals): Promise<void>;
  stop(): Promise<void>;
}

/** Loaded only where Slack is configured. Asks Slack nothing before `start`. */
export async function openSlack({
  config,
  people: configured,
  state,
  masker,
  checkpoint,
  clock,
  log,
  takesHttp,
}: SlackParts): Promise<OpenedSlack> {
  const { botToken, appToken, signingSecret = '', apiUrl, mode, listen } = config;
  const api = createSlackApi({ botToken, appToken, apiUrl });
  const people = await openSlackPeople({ config: configured, userGroups: config.userGroups, api, state, clock, log });
  const own = listen === 'shared' ? undefined : listen;
  const source = mode === 'socket' ? { mode } : { mode, signingSecret, listen: own };
  const channel = createSlackChannel({
    ...{ config, api, state, people, clock, log, checkpoint },
    mask: (text) => masker.text(text),
    createInbound: (parts) =>
      createSlackInbound({ ...parts, people, state, clock, log, channel: config.channel, source }),
  });
  const untold = (thrown: unknown): void => log.warn('Slack user groups cannot be read', { cause: String(thrown) });
  return {
    people,
    channel,
    routes: listen === 'shared' ? channel.routes : [],
    start: async (approvals) => {
      if (mode === 'http' && own === undefined && !takesHttp)
        log.warn('no request of Slack arrives here: votes are heard by reading threads, and buttons answer nobody', {
          because: 'approvals.slack.listen is shared, and this server speaks stdio',
          todo: 'run serve --http, or give approvals.slack.listen an address of its own',
        });
      // At the very first start nobody is known by user groups yet, and everything would be refused.
      if (channel.reachable().people.length === 0) await people.fresh().catch(untold);
      people.start();
      await channel.start?.(approvals);
    },
    stop: async () => {
      people.stop();
      await channel.stop?.();
    },
  };
}
