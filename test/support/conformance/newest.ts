import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** The suite that knows 2026-07-28 needs Node 22, which npm carries as a package for each platform. */
const suite = '@modelcontextprotocol/conformance';
const suiteVersion = '0.2.0-alpha.12';
const nodeVersion = '22.23.3';

export interface Suite {
  readonly node: string;
  readonly script: string;
}

/**
 * The conformance suite of 2026-07-28 and a Node that runs it, installed once into `$XDG_CACHE_HOME/countersign` (else `~/.cache`):
 * as dependencies of this package they would put another `node` before that of whoever runs its scripts.
 * @throws Error saying what to do, where npm cannot install them
 */
export async function newestSuite(): Promise<Suite> {
  const own = Number(process.versions.node.split('.')[0]) >= 22;
  const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const root = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'countersign');
  const home = join(root, `conformance-${suiteVersion}-node-${own ? 'own' : nodeVersion}`);
  const packages = [`${suite}@${suiteVersion}`, ...(own ? [] : [`${nodePackage}@${nodeVersion}`])];
  const isThere = await stat(home).catch(() => undefined);
  if (isThere === undefined) await install(root, home, packages);
  const modules = join(home, 'node_modules');
  const script = join(modules, suite, 'dist/index.js');
  return { node: own ? process.execPath : join(modules, nodePackage, 'bin/node'), script };
}

async function install(root: string, home: string, packages: readonly string[]): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const partial = await mkdtemp(join(root, 'conformance-partial-'));
  try {
    await writeFile(join(partial, 'package.json'), '{"private":true}');
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock', ...packages];
    const { failed, stderr, shortMessage } = await execa('npm', args, { cwd: partial, reject: false, stdin: 'ignore' });
    if (failed)
      throw new Error(
        `The conformance suite of 2026-07-28 is not in ${root} and npm cannot install ${packages.join(' ')}: ${stderr || shortMessage}`,
      );
    // Another run may have been faster: then its copy is as good as ours.
    await rename(partial, home).catch(() => undefined);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
