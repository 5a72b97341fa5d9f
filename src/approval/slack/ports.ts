import type { Approval } from '../../domain/approval.ts';

/** One message as Slack gives it back. `user` is undefined for a bot, `edited` for one that was not edited. */
export interface SlackMessage {
  readonly ts: string;
  readonly user: string | undefined;
  readonly team: string | undefined;
  readonly bot: boolean;
  readonly text: string;
  readonly edited: boolean;
  /** `message_changed`, `thread_broadcast`, …; undefined for plain words of a person. */
  readonly subtype: string | undefined;
  /** The rich text blocks as they came: quotations and code are told by them. */
  readonly blocks: readonly unknown[];
  /** On our own messages: what they are (from their metadata). */
  readonly mark?: SlackMark;
  /** Names of the files that it carries. */
  readonly files?: readonly string[];
  /** It shares somebody's message, whose words are not the sender's. */
  readonly forwarded?: boolean;
}

/** Which message of which approval one of ours is: `post`, `remind`, `end`, … */
interface SlackMark {
  readonly approval: string;
  readonly step: string;
}

export interface SlackUser {
  readonly id: string;
  readonly team: string;
  readonly name: string;
  readonly email: string | undefined;
  readonly bot: boolean;
  /** Single- or multi-channel guest, or a stranger of a shared channel. */
  readonly guest: boolean;
  readonly deactivated: boolean;
}

/** The Web API as this adapter uses it: bounded in time, few retries, 429 obeyed. All methods throw Unavailable naming what failed. */
export interface SlackApi {
  /** Who we are: the workspace and the bot's user. https://api.slack.com/methods/auth.test */
  identity(): Promise<{ readonly team: string; readonly user: string; readonly scopes: readonly string[] }>;
  post(message: SlackPost): Promise<{ readonly ts: string; readonly blocks: readonly unknown[] }>;
  update(message: SlackPost & { readonly ts: string }): Promise<{ readonly blocks: readonly unknown[] }>;
  /** Only this person sees it. */
  whisper(message: {
    readonly channel: string;
    readonly user: string;
    readonly thread: string | undefined;
    readonly text: string;
  }): Promise<void>;
  /** A text file in the thread, whole. */
  upload(file: {
    readonly channel: string;
    readonly thread: string;
    readonly name: string;
    readonly content: string;
    readonly comment: string;
  }): Promise<void>;
  /** All replies of a thread after `oldest` (exclusive), oldest first, every page. */
  replies(channel: string, thread: string, oldest?: string): Promise<readonly SlackMessage[]>;
  /** Our own messages of a channel since `oldest`, for one whose post was not answered. */
  own(channel: string, oldest: string): Promise<readonly (SlackMessage & { readonly approval: string | undefined })[]>;
  user(id: string): Promise<SlackUser>;
  members(userGroup: string): Promise<readonly string[]>;
  /** Tells a person directly. */
  tell(user: string, text: string): Promise<void>;
  openView(trigger: string, view: object): Promise<void>;
  /** For Socket Mode. */
  socketUrl(): Promise<string>;
}

export interface SlackPost {
  readonly channel: string;
  readonly thread?: string;
  /** Push text and what a screen reader reads. */
  readonly text: string;
  readonly blocks?: readonly object[];
  /** Marks it as the message of this approval (message metadata), so that it is found again after a crash. */
  readonly approval?: string;
  /** With `approval`: which message of it this is; the message itself where it is left out. */
  readonly step?: string;
}

/** Where one approval stands in Slack: a small file beside the approval, so that every process and every restart knows. */
export interface Posted {
  readonly approval: string;
  readonly team: string;
  readonly channel: string;
  readonly ts: string;
  /** SHA-256 of the blocks as Slack echoed them when they were last written: a click on other blocks is refused. */
  readonly blocksDigest: string;
  /** Of what stood there before, of the same plan: a click may have been on its way while the message was edited. */
  readonly earlierDigests: readonly string[];
  readonly planDigest: string;
  /** Whether Approve is shown: not before the whole diff is in the thread. */
  readonly approvable: boolean;
  /** The file with the whole plan is in the thread. */
  readonly hasFile?: boolean;
  /** Time stamps of messages of it that somebody deleted; their threads may stay. */
  readonly former?: readonly string[];
}

export interface PostedStore {
  read(approval: string): Promise<Posted | undefined>;
  byMessage(channel: string, ts: string): Promise<Posted | undefined>;
  write(posted: Posted): Promise<void>;
  all(): Promise<readonly Posted[]>;
}

/** What the adapter makes of somebody's click or words. */
export type Heard =
  | {
      readonly kind: 'vote';
      readonly decision: 'approve' | 'deny' | 'undo';
      readonly code: string | undefined;
      readonly comment: string | undefined;
      readonly breakGlass: boolean;
    }
  | { readonly kind: 'command'; readonly command: 'status' | 'diff' | 'help' }
  /** Talk between people, or something near a vote that is none: then `hint`. */
  | { readonly kind: 'talk'; readonly hint: boolean };

/** Outbound half, for the inbound half: what is answered to `status`, `diff` and to a click on Whole diff. */
export interface SlackWords {
  status(approval: Approval): string;
  help(approval: Approval): string;
  postDiff(approval: Approval, posted: Posted): Promise<void>;
}

/** Inbound half, for the outbound one. */
export interface SlackInbound {
  /** Connects (Socket Mode) or is ready to take signed HTTP. Idempotent. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Reads the thread of an approval and records what was said there and not heard, denials first. @throws Unavailable */
  catchUp(approval: Approval): Promise<void>;
  readonly connected: boolean;
  /** Connections of the app that Slack counted when it greeted us: above one, somebody else gets a part of the votes. Undefined: it has not. */
  readonly connections?: number | undefined;
}
