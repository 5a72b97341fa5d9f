import { readAttached } from '../attached.ts';
import type { VerifyFault } from './report.ts';
import type { Place } from './story.ts';

const named = /"factsDigest":"(sha256:[0-9a-f]{64})"/;

/** Texts that stand beside the log and that lines name by their digest. */
export class Attachments {
  readonly #first = new Map<string, Place>();

  take(bytes: Buffer, place: Place): void {
    if (!bytes.includes('"factsDigest":')) return;
    const digest = named.exec(bytes.toString('latin1'))?.[1];
    if (digest !== undefined && !this.#first.has(digest)) this.#first.set(digest, place);
  }

  /** `absentIsFine`: what is not in one of the folders may be elsewhere; what is changed is a fault in any case. */
  async check(folders: readonly string[], absentIsFine: boolean): Promise<readonly VerifyFault[]> {
    const faults: VerifyFault[] = [];
    for (const [digest, { file, line }] of this.#first) {
      const say = (message: string): void => void faults.push({ kind: 'attached', file, line, message });
      const found = await lookIn(folders, digest).catch(() => 'changed' as const);
      if (found === 'changed') say(`the text beside the log that it names, ${digest}, was changed`);
      else if (found === 'absent' && !absentIsFine) say(`the text beside the log that it names, ${digest}, is missing`);
    }
    return faults;
  }
}

async function lookIn(folders: readonly string[], digest: string): Promise<'there' | 'absent'> {
  for (const folder of folders) if ((await readAttached(folder, digest)) !== undefined) return 'there';
  return 'absent';
}
