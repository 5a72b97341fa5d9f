import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, rm, symlink, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CountersignError } from '../domain/errors.ts';
import { codeOf } from './files.ts';

/** Bytes of a socket path that every platform takes: sun_path has 104 on macOS and 108 on Linux, with the closing zero. */
const longestSocketPath = 100;
const idForm = /^[0-9a-z]{12}$/;

export interface Liveness {
  isAlive(process: string): Promise<boolean>;
  /** Removes the sockets of processes that are dead. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

/** Listens as `self`: the kernel closes the socket when this process ends, however it ends. */
export async function listen(folder: string, self: string): Promise<Liveness> {
  const address = await addresses(folder, self);
  const server = await serve(address.of(self));
  const isAlive = async (id: string): Promise<boolean> => {
    if (id === self) return true;
    if (!idForm.test(id)) return false;
    if (await answers(address.of(id))) return true;
    // We live: where not even our own socket answers, the way to all of them is gone, and nobody is dead for that.
    if (address.renew === undefined) return !(await answers(address.of(self)));
    if (!(await answers(address.of(self)))) await address.renew();
    return !(await answers(address.of(self))) || (await answers(address.of(id)));
  };
  return {
    isAlive,
    sweep: () => sweep(folder, self, isAlive),
    close: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await address.remove();
    },
  };
}

interface Addresses {
  of(id: string): string;
  /** Makes a way that goes through a folder of its own anew, where something cleared that away. */
  readonly renew?: () => Promise<void>;
  remove(): Promise<void>;
}

async function addresses(folder: string, self: string): Promise<Addresses> {
  // Windows has named pipes instead: they live in a name space of their own, so the folder enters as a hash.
  if (process.platform === 'win32') {
    const hash = createHash('sha256').update(folder).digest('hex').slice(0, 16);
    return { of: (id) => `\\\\.\\pipe\\countersign-${hash}-${id}`, remove: async () => undefined };
  }
  const direct = (id: string): string => join(folder, `${id}.sock`);
  if (Buffer.byteLength(direct(self)) <= longestSocketPath) return { of: direct, remove: async () => undefined };
  // A long root is reached through a short link in a private folder; the socket itself is still in the root.
  const made: string[] = [];
  const link = async (): Promise<string> => {
    const folderOfLink = await mkdtemp(join(Buffer.byteLength(tmpdir()) < 60 ? tmpdir() : '/tmp', 'cs-'));
    made.push(folderOfLink);
    await symlink(folder, join(folderOfLink, 'p'));
    return folderOfLink;
  };
  let through = await link();
  return {
    of: (id) => join(through, 'p', `${id}.sock`),
    renew: async () => {
      through = await link();
    },
    remove: async () => {
      for (const each of made) await rm(each, { recursive: true, force: true });
    },
  };
}

async function serve(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new CountersignError('Unavailable', 'cannot listen in the state directory', { cause })),
    );
    server.listen(path, resolve);
  });
  server.on('error', () => undefined);
  return server.unref();
}

const answers = async (path: string): Promise<boolean> => (await probe(path)) === 'alive';

/** Dead only if it refuses or is gone; a stopped or busy process is alive, its claims are its own. */
function probe(path: string): Promise<'alive' | 'dead'> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answer: 'alive' | 'dead'): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => end('alive'));
    socket.once('connect', () => end('alive'));
    socket.once('error', (thrown) => end(['ECONNREFUSED', 'ENOENT'].includes(codeOf(thrown) ?? '') ? 'dead' : 'alive'));
  });
}

async function sweep(folder: string, self: string, isAlive: (id: string) => Promise<boolean>): Promise<void> {
  if (process.platform === 'win32') return;
  for (const name of await readdir(folder)) {
    const id = name.replace(/\.sock$/, '');
    if (id === self || !idForm.test(id)) continue;
    const path = join(folder, name);
    const found = await lstat(path).catch(() => undefined);
    // A process that is just starting has bound its socket and does not listen yet: only what is a while old is swept.
    if (found === undefined || Math.abs(Date.now() - found.mtimeMs) < 10_000) continue;
    if (!(await isAlive(id))) await unlink(path).catch(() => undefined);
  }
}
