import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

/** Whether this process may execute the file; false too when there is none. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
