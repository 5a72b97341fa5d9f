import { createHash } from 'node:crypto';
import type { Approval } from '../../domain/approval.ts';
import { canonicalJson } from '../../domain/canonical.ts';
import type { Json } from '../../domain/json.ts';

/** `action_id` of the buttons of a message. https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
export const actionIds = { approve: 'approve', deny: 'deny', diff: 'diff' } as const;

/** What a button carries: which approval, and of which plan. */
export const buttonValue = ({ id, planDigest }: Pick<Approval, 'id' | 'planDigest'>): string => `${id} ${planDigest}`;

export function readButtonValue(value: string): { readonly approval: string; readonly planDigest: string } | undefined {
  const [approval, planDigest, more] = value.split(' ');
  if (approval === undefined || planDigest === undefined || more !== undefined) return undefined;
  return /^cs-[0-9a-z]{6}$/.test(approval) ? { approval, planDigest } : undefined;
}

/** SHA-256 over the blocks as Slack has them (`sha256:<hex>`): the order of keys does not matter, everything else does. */
export const digestOfBlocks = (blocks: readonly unknown[]): string =>
  `sha256:${createHash('sha256')
    .update(canonicalJson(JSON.parse(JSON.stringify(blocks)) as Json))
    .digest('hex')}`;

/** `event_type` of the metadata on our own messages. https://docs.slack.dev/messaging/message-metadata */
export const metadataType = 'countersign_approval';
