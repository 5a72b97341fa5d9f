import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBinaries } from '../../support/control-plane/binaries.ts';
import { cacheFolder } from '../../support/control-plane/build.ts';
import { componentNames, NoControlPlane } from '../../support/control-plane/components.ts';

let scratch: string;
let lines: string[];
const report = (line: string) => void lines.push(line);

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'countersign-binaries-'));
  lines = [];
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

function program(path: string, script = ''): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/** A folder for PATH with a `go` that writes down how it is called and "builds" by making a file. */
function pathWithGo(version: string, build: string): string {
  const bin = join(scratch, 'bin');
  mkdirSync(bin);
  const log = join(scratch, 'go.log');
  program(
    join(bin, 'go'),
    `if [ "$1" = env ]; then echo ${version}; exit 0; fi
echo "$PWD|$GOFLAGS|$CGO_ENABLED|$*" >> ${log}
while [ "$1" != -o ]; do shift; done
${build}`,
  );
  return bin;
}
const makesOutput = ': > "$2"; /bin/chmod 755 "$2"';

describe('KUBEBUILDER_ASSETS', () => {
  it('is taken before the cache, with the parts that it has', async () => {
    for (const name of ['etcd', 'kube-apiserver', 'kube-scheduler']) program(join(scratch, name));
    const found = await findBinaries({ KUBEBUILDER_ASSETS: scratch, PATH: '' }, report);
    expect(found).toEqual({
      etcd: join(scratch, 'etcd'),
      'kube-apiserver': join(scratch, 'kube-apiserver'),
      'kube-scheduler': join(scratch, 'kube-scheduler'),
    });
  });

  it('names the program that is missing', async () => {
    program(join(scratch, 'etcd'));
    const search = findBinaries({ KUBEBUILDER_ASSETS: scratch, PATH: '' }, report);
    await expect(search).rejects.toThrow(NoControlPlane);
    await expect(search).rejects.toThrow(`there is no ${join(scratch, 'kube-apiserver')}`);
  });
});

describe('the cache', () => {
  it('is used when it is whole, with no Go in sight', async () => {
    const env = { XDG_CACHE_HOME: scratch, PATH: '' };
    const folder = await cacheFolder(env);
    mkdirSync(folder, { recursive: true });
    for (const name of componentNames) program(join(folder, name));
    expect(Object.keys(await findBinaries(env, report))).toEqual([...componentNames]);
    expect(lines).toEqual([]);
  });
});

describe('the build', () => {
  it('builds each program once, without touching go.mod, and says that it does', async () => {
    const env = { XDG_CACHE_HOME: scratch, PATH: pathWithGo('go1.26.0', makesOutput) };
    const [first, second] = await Promise.all([findBinaries(env, report), findBinaries(env, report)]);
    expect(first).toEqual(second);
    const calls = readFileSync(join(scratch, 'go.log'), 'utf8').trim().split('\n');
    expect(calls).toHaveLength(componentNames.length);
    for (const call of calls)
      expect(call).toMatch(/\|-mod=readonly .*\|0\|build -trimpath -ldflags .*gitVersion=v1\.36\.3/);
    expect(calls.at(-1)).toMatch(/control-plane\/kwok\|/);
    expect(lines.filter((line) => line.startsWith('building kube-apiserver (2 of 5)'))).toHaveLength(1);
  });

  it('leaves nothing that a later run takes for programs when it fails', async () => {
    const env = { XDG_CACHE_HOME: scratch, PATH: pathWithGo('go1.27.3', 'echo no such module >&2; exit 1') };
    await expect(findBinaries(env, report)).rejects.toThrow(/could not build etcd[\s\S]*no such module/);
    const folder = await cacheFolder(env);
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(join(folder, '..'))).toEqual([]);
  });

  it('takes over the lock of a process that died', async () => {
    const env = { XDG_CACHE_HOME: scratch, PATH: pathWithGo('go1.26.0', makesOutput) };
    const lock = `${await cacheFolder(env)}.lock`;
    mkdirSync(dirname(lock), { recursive: true });
    // Above the largest process id that Linux or macOS gives.
    writeFileSync(lock, '999999999');
    expect(Object.keys(await findBinaries(env, report))).toHaveLength(5);
    expect(existsSync(lock)).toBe(false);
  });

  it('says what to install when there is neither Go nor Python', async () => {
    const env = { XDG_CACHE_HOME: scratch, PATH: join(scratch, 'nothing') };
    const search = findBinaries(env, report);
    await expect(search).rejects.toThrow(NoControlPlane);
    await expect(search).rejects.toThrow(/install Go 1\.26 or newer[\s\S]*COUNTERSIGN_TEST_CLUSTER=off/);
  });

  it('does not take a Go that is too old', async () => {
    const env = { XDG_CACHE_HOME: scratch, PATH: pathWithGo('go1.25.9', makesOutput) };
    await expect(findBinaries(env, report)).rejects.toThrow(NoControlPlane);
    expect(existsSync(join(scratch, 'go.log'))).toBe(false);
  });
});
