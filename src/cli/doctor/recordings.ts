import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Config } from '../../config.ts';
import { recordingsFolder } from '../../recording/session.ts';
import { because, type Finding, fail, ok } from './finding.ts';

const check = 'recordings';

/** Whether exec can be recorded: what cannot be is not run. */
export async function checkRecordings(root: string, { recording }: Config): Promise<readonly Finding[]> {
  const folder = recordingsFolder(root);
  const fault = await access(folder, constants.W_OK | constants.X_OK).then(
    () => undefined,
    (thrown: NodeJS.ErrnoException) => (thrown.code === 'ENOENT' ? undefined : thrown.code),
  );
  if (fault !== undefined)
    return [
      fail(check, `${folder} cannot be written (${fault}): no exec runs`, 'give it to the user that runs the server'),
    ];
  if (recording.rawTo.length === 0) return [ok(check, `${folder}: masked; raw frames are not kept`)];
  try {
    const { encrypterTo } = await import('../../recording/sealing.ts');
    await encrypterTo(recording.rawTo).encrypt('');
  } catch (thrown) {
    return [
      fail(
        check,
        `nothing can be encrypted to recording.rawTo: ${because(thrown)}; no exec runs`,
        'give what age-keygen printed as public key',
      ),
    ];
  }
  const whom = recording.rawTo.map((each) => `${each.slice(0, 12)}…`).join(', ');
  return [ok(check, `${folder}: masked, and raw for ${whom}; see that their private halves are elsewhere and at hand`)];
}
