import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { GrantStore } from '../identity/login/grant.ts';
import { codeOf, replace } from '../state/files.ts';
import { prepareRoot } from '../state/root.ts';

type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** Milliseconds. Whoever holds the lock says so every 5 s; after 20 s of silence it has died. */
const beat = 5_000;
const dead = 20_000;
const lookAgain = 200;

/**
 * The grant for one server in the state directory: one file, 0600, in a folder of this user alone (0700). It is not sealed: the key
 * would lie beside it for the same user, and keep nobody out who can read the file.
 * @throws Invalid when the state directory is not ours alone
 */
export async function openGrantStore(root: string, server: URL, sleep: Sleep): Promise<GrantStore> {
  await prepareRoot(root);
  const folder = join(root, 'connect');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = createHash('sha256').update(server.href).digest('hex').slice(0, 24);
  const path = join(folder, `${name}.json`);
  return {
    read: () => readFile(path, 'utf8').catch(() => undefined),
    write: (text) => replace(path, text),
    remove: () => rm(path, { force: true }),
    exclusive: async (work, signal) => {
      const release = await take(join(folder, `${name}.lock`), sleep, signal);
      try {
        return await work();
      } finally {
        await release();
      }
    },
  };
}

/** A lock that may go stale decides nothing here: the worst is that a person signs in once more. */
async function take(path: string, sleep: Sleep, signal: AbortSignal): Promise<() => Promise<void>> {
  for (;;) {
    signal.throwIfAborted();
    try {
      await (await open(path, 'wx', 0o600)).close();
      break;
    } catch (thrown) {
      if (codeOf(thrown) !== 'EEXIST') throw thrown;
    }
    const held = await stat(path).catch(() => undefined);
    if (held !== undefined && Date.now() - held.mtimeMs > dead) await rm(path, { force: true });
    else await sleep(lookAgain, signal);
  }
  const alive = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), beat);
  alive.unref();
  return async () => {
    clearInterval(alive);
    await rm(path, { force: true });
  };
}
