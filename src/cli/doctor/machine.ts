import { constants } from 'node:fs';
import { access, lstat, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { verify } from '../../audit/verify/verify.ts';
import type { Config } from '../../config.ts';
import { knownKeys } from '../known-keys.ts';
import { because, type Finding, fail, ok, warn } from './finding.ts';

type Env = Readonly<Record<string, string | undefined>>;

export function checkNode(version: string): readonly Finding[] {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const good = major > 20 || (major === 20 && minor >= 19);
  if (!good) return [fail('node', `Node ${version} is too old`, 'use Node 20.19 or newer, best 24')];
  if (major < 22) return [warn('node', `Node ${version} works, but is past its end of life`, 'use Node 24')];
  return [ok('node', `Node ${version}`)];
}

export function checkPlatform(platform: NodeJS.Platform): readonly Finding[] {
  if (platform !== 'win32') return [];
  return [
    warn(
      'platform',
      'Windows has no file modes: who may read the state directory is not checked',
      'keep it in your own profile',
    ),
  ];
}

/** Nothing is made here: what is missing is made by the first server, with the right modes. */
export async function checkState(root: string): Promise<readonly Finding[]> {
  const found = await lstat(root).catch(() => undefined);
  if (found === undefined)
    return [ok('state', `${root} is not there yet; the first start makes it, for this user alone`)];
  if (!found.isDirectory())
    return [fail('state', `${root} is not a directory`, 'name another one in COUNTERSIGN_STATE')];
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    return [
      fail(
        'state',
        `${root} is open to other users (mode ${(found.mode & 0o777).toString(8)})`,
        `run: chmod 700 ${root}`,
      ),
    ];
  }
  const writable = await access(root, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!writable) return [fail('state', `${root} cannot be written`, 'give it to the user that runs the server')];
  return [ok('state', `${root}, for this user alone`)];
}

export async function checkAudit(root: string, config: Config): Promise<readonly Finding[]> {
  const folder = join(root, 'audit');
  const files = await readdir(folder).catch(() => []);
  if (files.length === 0) return [ok('audit', 'no audit log yet')];
  const writable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable)
    return [
      fail('audit', `${folder} cannot be written: every call is refused`, 'give it to the user that runs the server'),
    ];
  try {
    const { consistent, summary, lines, openIntents } = await verify(folder, { keys: await knownKeys(root, config) });
    if (!consistent) return [fail('audit', `${lines} lines, ${summary}`, 'run: countersign audit verify')];
    const open = openIntents.map((id) =>
      warn(
        'audit',
        `${id} was authorized and has no outcome`,
        `read the objects it names: countersign audit tail --invocation ${id}`,
      ),
    );
    return [ok('audit', `${lines} lines, ${summary}`), ...open];
  } catch (thrown) {
    return [fail('audit', because(thrown), 'run: countersign audit verify')];
  }
}

/** The hole beside every server: what an agent with a shell can use directly. */
export async function checkKubeconfigs(env: Env, ours: readonly string[]): Promise<readonly Finding[]> {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  const paths = new Set([...(named.length > 0 ? named : [join(homedir(), '.kube', 'config')]), ...ours]);
  const readable: string[] = [];
  for (const path of paths) {
    const found = await access(path, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (found) readable.push(path);
  }
  if (readable.length === 0) return [ok('bypass', 'no kubeconfig that this user can read')];
  return readable.map((path) =>
    warn(
      'bypass',
      `this user can read ${path}: an agent with a shell as this user can go around Countersign`,
      'run the agent as another user, or keep it from kubectl and that file (countersign init prints the rules)',
    ),
  );
}
