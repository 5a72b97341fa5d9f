import { createHash } from 'node:crypto';
import type { Approval } from '../../domain/approval.ts';

/** Characters of a note that a thread shows whole. */
const longestNote = 2_800;

/**
 * A checkpoint of the audit log for the thread: outside of the log, where everybody saw it. Of a long note its digest, which the
 * note in the log can be held to.
 */
export function checkpointText(note: string): string {
  const how = 'Checkpoint of the audit log; `countersign audit verify --against` takes it from a file:';
  if (note.length <= longestNote) return `${how}\n\`\`\`${note}\`\`\``;
  return `Checkpoint of the audit log, too long to show: the SHA-256 of the note is \`${createHash('sha256').update(note).digest('hex')}\`.`;
}

/** One step for each vote; undefined: nobody has voted. */
export function checkpointStep({ votes }: Approval): string | undefined {
  const last = votes.toSorted((a, b) => a.time - b.time).at(-1);
  return last === undefined ? undefined : `checkpoint:${last.person}.${last.n}`;
}
