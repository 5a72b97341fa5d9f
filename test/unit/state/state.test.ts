import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { State } from '../../../src/domain/state.ts';
import { networkFileSystem, resolveStateRoot } from '../../../src/state/root.ts';
import { openState, rotateStateKey } from '../../../src/state/state.ts';
import { realRandom, silent, testClock } from '../../support/approvals.ts';

const clock = testClock();
let base: string;
const opened: State[] = [];
const open = async (root = join(base, 'state')): Promise<State> => {
  const state = await openState({ root, clock, random: realRandom, log: silent });
  opened.push(state);
  return state;
};
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'cs-state-'));
});
afterEach(async () => {
  for (const state of opened.splice(0)) await state.close();
  await rm(base, { recursive: true, force: true });
});
const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe('where the state is', () => {
  it('goes by COUNTERSIGN_STATE, then XDG, then the home directory, and never by the working directory', () => {
    expect(resolveStateRoot({ COUNTERSIGN_STATE: '/a/b', XDG_STATE_HOME: '/x', HOME: '/h' })).toBe('/a/b');
    expect(resolveStateRoot({ XDG_STATE_HOME: '/x', HOME: '/h' })).toBe('/x/countersign');
    expect(resolveStateRoot({ XDG_STATE_HOME: 'x', HOME: '/h' })).toBe('/h/.local/state/countersign');
    expect(() => resolveStateRoot({ COUNTERSIGN_STATE: 'state' })).toThrow('relative');
  });

  it('knows the network file systems by their type', () => {
    expect(networkFileSystem(0x6969)).toBe('NFS');
    expect(networkFileSystem(0xff534d42 | 0)).toBe('CIFS');
    expect(networkFileSystem(0xef53)).toBeUndefined();
  });
});

describe('opening the state directory', () => {
  it('makes it for its user alone', async () => {
    const state = await open();
    expect(await mode(state.root)).toBe('700');
    const path = join(await state.folder('approvals', 'cs-abc123'), 'request');
    await state.createExclusive(path, 'x');
    await state.replace(join(state.root, 'view'), 'y');
    expect(await mode(path)).toBe('600');
    expect(await mode(join(state.root, 'view'))).toBe('600');
    expect(await mode(join(state.root, 'approvals', 'cs-abc123'))).toBe('700');
    for (const key of await readdir(join(state.root, 'keys')))
      expect(await mode(join(state.root, 'keys', key))).toBe('600');
  });

  it('refuses one that others can enter, and says chmod', async () => {
    const root = join(base, 'open');
    await mkdir(root);
    await chmod(root, 0o750);
    await expect(open(root)).rejects.toMatchObject({ code: 'Invalid', hint: `run: chmod 700 ${root}` });
  });

  it('refuses a link in its place', async () => {
    await mkdir(join(base, 'elsewhere'), { mode: 0o700 });
    await symlink(join(base, 'elsewhere'), join(base, 'state'));
    await expect(open()).rejects.toMatchObject({ code: 'Invalid' });
  });

  it('refuses a newer format and one that it cannot read', async () => {
    const state = await open();
    expect(await readFile(join(state.root, 'format'), 'utf8')).toBe('1\n');
    await writeFile(join(state.root, 'format'), '2\n');
    await expect(open()).rejects.toThrow('has format 2; this Countersign knows 1');
    await writeFile(join(state.root, 'format'), 'one');
    await expect(open()).rejects.toThrow('does not hold a format version');
  });

  it('gives processes that open a new directory at once the same key', async () => {
    const states = await Promise.all([open(), open(), open()]);
    expect(new Set(states.map(({ keyed }) => keyed('x'))).size).toBe(1);
  });
});

describe('exclusive files', () => {
  it('lets one of many win, whole, and leaves nothing beside it', async () => {
    const [a, b] = [await open(), await open()];
    const path = join(await a.folder('approvals'), 'end');
    const won = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? a : b).createExclusive(path, `${i}`)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await readFile(path, 'utf8')).toBe(`${won.indexOf(true)}`);
    expect(await readdir(join(a.root, 'approvals'))).toEqual(['end']);
  });

  it('stays inside of the directory', async () => {
    const state = await open();
    await expect(state.createExclusive(join(base, 'outside'), 'x')).rejects.toMatchObject({ code: 'Internal' });
    await expect(state.folder('..', 'x')).rejects.toMatchObject({ code: 'Invalid' });
    await expect(state.folder('a/b')).rejects.toMatchObject({ code: 'Invalid' });
  });
});

describe('sealing', () => {
  it('opens what it sealed, for the same purpose only, and what an older key sealed', async () => {
    const state = await open();
    const sealed = state.seal('sécret', 'approval-input:cs-1');
    expect(sealed).not.toContain('cret');
    expect(state.unseal(sealed, 'approval-input:cs-1')).toBe('sécret');
    expect(() => state.unseal(sealed, 'approval-result:cs-1')).toThrow('changed');
    expect(() =>
      state.unseal(`${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`, 'approval-input:cs-1'),
    ).toThrow('changed');
    const before = state.keyed('data');
    const id = await rotateStateKey(state, clock, realRandom);
    const later = await open();
    expect(later.unseal(sealed, 'approval-input:cs-1')).toBe('sécret');
    expect(later.keyed('data')).toMatch(new RegExp(`^hmac-sha256:${id}:[0-9a-f]{64}$`));
    expect(later.keyed('data', before.split(':')[1])).toBe(before);
    expect(state.unseal(later.seal('new', 'p'), 'p')).toBe('new');
  });

  it('says so when the key is gone, and never reads a path out of a key id', async () => {
    const state = await open();
    const sealed = state.seal('x', 'p');
    const name = (await readdir(join(state.root, 'keys'))).find((each) => each.endsWith('.json'))!;
    await rm(join(state.root, 'keys', name));
    await expect(open()).rejects.toThrow('is not in');
    expect(state.unseal(sealed, 'p')).toBe('x');
    expect(() => state.unseal('sealed:v1:../../x:AAAA', 'p')).toThrow('unreadable id');
  });
});

describe('liveness', () => {
  it('is the socket of a process, gone when it closed', async () => {
    const [a, b] = [await open(), await open()];
    expect(await a.isAlive(b.process)).toBe(true);
    await b.close();
    expect(await a.isAlive(b.process)).toBe(false);
    expect(await a.isAlive('../../etc/x')).toBe(false);
  });

  it('works below a root that is longer than a socket path', async () => {
    const root = join(base, 'long'.repeat(30), 'state');
    const [a, b] = [await open(root), await open(root)];
    expect(await a.isAlive(b.process)).toBe(true);
    expect((await readdir(join(root, 'processes'))).sort()).toEqual([`${a.process}.sock`, `${b.process}.sock`].sort());
    await b.close();
    expect(await a.isAlive(b.process)).toBe(false);
  });

  it('sweeps the old sockets of dead processes, and leaves a young or a listening one', async () => {
    const first = await open();
    const folder = join(first.root, 'processes');
    const [dead, young] = [join(folder, 'aaaaaaaaaaaa.sock'), join(folder, 'bbbbbbbbbbbb.sock')];
    const server = createServer();
    // A file that nobody listens on refuses, as the socket of a killed process does.
    await writeFile(dead, '');
    await writeFile(young, '');
    const listening = join(folder, 'cccccccccccc.sock');
    await new Promise<void>((resolve) => server.listen(listening, resolve));
    const hourAgo = new Date(Date.now() - 3_600_000);
    await utimes(dead, hourAgo, hourAgo);
    await utimes(listening, hourAgo, hourAgo);
    await open();
    await expect.poll(() => readdir(folder)).not.toContain('aaaaaaaaaaaa.sock');
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['bbbbbbbbbbbb.sock', 'cccccccccccc.sock']));
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('watching', () => {
  it('calls back when another process made a file, and not after it was stopped', async () => {
    const [a, b] = [await open(), await open()];
    const folder = await a.folder('approvals-view');
    let calls = 0;
    const stop = a.watch(folder, () => calls++);
    await b.replace(join(folder, 'one'), '1');
    await expect.poll(() => calls, { interval: 5, timeout: 1_000 }).toBeGreaterThan(0);
    stop();
    const before = calls;
    let others = 0;
    b.watch(folder, () => others++);
    await b.replace(join(folder, 'two'), '2');
    await expect.poll(() => others).toBeGreaterThan(0);
    expect(calls).toBe(before);
  });
});
