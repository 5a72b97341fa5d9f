import { constants } from 'node:fs';
import { access, lstat, mkdir, readFile, statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { CountersignError, invalid } from '../domain/errors.ts';
import { createExclusive } from './files.ts';

/** Version of the layout below the root. A newer one is refused, never guessed at. */
const formatVersion = 1;

/**
 * Where the state is: `$COUNTERSIGN_STATE`, else `$XDG_STATE_HOME/countersign`, else `~/.local/state/countersign`.
 * A relative XDG path is ignored, as the XDG Base Directory Specification says.
 * @throws Invalid for a relative COUNTERSIGN_STATE: the state is never found by the working directory
 */
export function resolveStateRoot(env: Readonly<Record<string, string | undefined>>): string {
  const own = env.COUNTERSIGN_STATE;
  if (own !== undefined && own !== '') {
    if (!isAbsolute(own)) throw invalid(`COUNTERSIGN_STATE is a relative path: ${own}`, 'set it to an absolute path');
    return resolve(own);
  }
  const xdg = env.XDG_STATE_HOME;
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'countersign');
  return join(env.HOME ?? homedir(), '.local', 'state', 'countersign');
}

/** File system types (statfs(2)) whose links and renames other machines see late or not at all. */
const networkTypes: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
]);

/** The name of a network file system, or undefined for what is local (or not known to be otherwise). */
export const networkFileSystem = (type: number): string | undefined => networkTypes.get(type >>> 0);

/** Makes the directory if it is missing. @throws Invalid when it is not ours alone, not local, or of a newer format */
export async function prepareRoot(root: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const found = await lstat(root);
  if (!found.isDirectory()) throw invalid(`the state directory ${root} is not a directory`, 'name another one');
  if (process.platform !== 'win32') checkOwner(root, found.uid, found.mode);
  await access(root, constants.W_OK).catch((cause: unknown) => {
    throw new CountersignError('Unavailable', `the state directory ${root} is not writable`, { cause });
  });
  await checkFileSystem(root);
  await checkFormat(root);
}

function checkOwner(root: string, uid: number, mode: number): void {
  if (uid !== process.getuid?.())
    throw invalid(
      `the state directory ${root} belongs to another user (uid ${uid})`,
      'name a directory of your own in COUNTERSIGN_STATE',
    );
  if ((mode & 0o077) !== 0)
    throw invalid(
      `the state directory ${root} is open to other users (mode ${(mode & 0o777).toString(8)})`,
      `run: chmod 700 ${root}`,
    );
}

async function checkFileSystem(root: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const network = networkFileSystem((await statfs(root)).type);
  if (network !== undefined)
    throw invalid(
      `the state directory ${root} is on a network file system (${network}), where a link does not decide who was first`,
      'put it on a local disk with COUNTERSIGN_STATE',
    );
}

async function checkFormat(root: string): Promise<void> {
  const path = join(root, 'format');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) {
    await createExclusive(path, `${formatVersion}\n`);
    return;
  }
  const version = /^\d{1,6}\n?$/.test(text) ? Number(text) : undefined;
  if (version === undefined)
    throw invalid(`${path} does not hold a format version`, 'restore the state directory from a backup');
  if (version > formatVersion)
    throw invalid(
      `the state directory ${root} has format ${version}; this Countersign knows ${formatVersion}`,
      'use the newer Countersign that wrote it, or another state directory',
    );
}
