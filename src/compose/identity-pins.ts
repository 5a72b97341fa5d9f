import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkPinned, type IdentityPins } from '../cluster/identity.ts';
import type { ClusterIdentity } from '../domain/cluster.ts';
import { CountersignError } from '../domain/errors.ts';
import type { State } from '../domain/state.ts';

/**
 * Which cluster each name meant when it was first used, one file a name in `clusters` of the state directory, the same for
 * all its processes. Who replaces a cluster on purpose removes its file.
 */
export const createIdentityPins = (state: State): IdentityPins => ({
  check: async (identity) => {
    const path = join(await state.folder('clusters'), `${identity.name}.json`);
    const { uid, caDigest, arn } = identity;
    const first = JSON.stringify({ uid, caDigest, ...(arn === undefined ? {} : { arn }) });
    if (await state.createExclusive(path, first)) return;
    checkPinned(identity, await read(path));
  },
});

async function read(path: string): Promise<Partial<ClusterIdentity>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<ClusterIdentity>;
  } catch (cause) {
    throw new CountersignError('Unavailable', `which cluster this name meant cannot be read: ${path}`, {
      hint: 'tell the operator: restore the file from a backup, or remove it to accept the cluster that answers now',
      cause,
    });
  }
}
