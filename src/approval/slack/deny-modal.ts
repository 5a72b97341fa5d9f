import type { DenyContext, ViewSubmission } from './payloads.ts';
import type { Posted } from './ports.ts';

export const denyCallback = 'countersign_deny';
const block = 'instead';
const action = 'words';

/** Asks what the agent should do instead; optional, because a deny without a word is one too. */
export function denyModal({ approval, planDigest }: Pick<Posted, 'approval' | 'planDigest'>): object {
  const context: DenyContext = { approval, planDigest };
  return {
    type: 'modal',
    callback_id: denyCallback,
    private_metadata: JSON.stringify(context),
    title: { type: 'plain_text', text: `Deny ${approval}` },
    submit: { type: 'plain_text', text: 'Deny' },
    close: { type: 'plain_text', text: 'Back' },
    blocks: [
      {
        type: 'input',
        block_id: block,
        optional: true,
        label: { type: 'plain_text', text: 'What should the agent do instead?' },
        hint: { type: 'plain_text', text: 'The agent gets these words as yours. It is denied when you send this.' },
        element: { type: 'plain_text_input', action_id: action, multiline: true, max_length: 1_000 },
      },
    ],
  };
}

export const wordsOf = ({ view }: ViewSubmission): string | undefined =>
  view.state.values[block]?.[action]?.value ?? undefined;
