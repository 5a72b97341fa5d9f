import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { Figure } from './figures.ts';

/**
 * A bench in a Node of its own, bundled as the product is: what runs TypeScript as it stands gives each function a name of its
 * own, which costs memory and time that no user pays.
 */
export async function bundled(file: string, name: string): Promise<readonly Figure[]> {
  // Beside the product's own parts: files of the package are found from there as from here.
  const outfile = join(import.meta.dirname, '..', 'dist', `bench-${file}.mjs`);
  const made = await bundle(join(import.meta.dirname, `${file}.ts`), outfile);
  try {
    const script = `const { ${name}: run } = await import(${JSON.stringify(outfile)}); console.log(JSON.stringify(await run()));`;
    const args = ['--expose-gc', '--input-type=module', '-e', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1024 * 1024 });
    return JSON.parse(stdout) as readonly Figure[];
  } finally {
    await Promise.all(made.map((path) => rm(path, { force: true })));
  }
}

/** As the product is, so that nothing gains by how it is loaded: what comes late is a part of its own. Returns what it made. */
export async function bundle(entry: string, outfile: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [{ in: entry, out: basename(outfile, '.mjs') }],
    outdir: dirname(outfile),
    outExtension: { '.js': '.mjs' },
    chunkNames: `${basename(outfile, '.mjs')}-[hash]`,
    ...{ bundle: true, splitting: true, metafile: true },
    platform: 'node',
    target: 'node20',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  return Object.keys(metafile.outputs);
}
