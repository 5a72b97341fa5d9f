// Bundles src/main.ts into dist/countersign.cjs: one file to load, and only what `serve` needs is run at the start.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

/**
 * What the libraries bring along and this program never runs: the translations of zod's messages, zod 3 (the SDK takes either),
 * and the JSON Schema validator of the SDK (we pass our own).
 */
const leaveOut = {
  name: 'leave-out',
  setup(bundler) {
    const empty = (filter, contents) => {
      bundler.onResolve({ filter }, ({ path }) => ({
        path,
        namespace: 'left-out',
        pluginData: contents,
        sideEffects: false,
      }));
    };
    empty(/^\.\.\/locales\/index\.js$/, 'export {};');
    empty(/^zod\/v3$/, 'export const object = () => { throw new Error("zod 3 is not in this bundle"); };');
    empty(/^zod-to-json-schema$/, 'export const zodToJsonSchema = () => ({});');
    empty(/validation\/ajv-provider\.js$/, 'export class AjvJsonSchemaValidator {}');
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ pluginData }) => ({
      contents: pluginData,
      loader: 'js',
    }));
  },
};

await mkdir('dist', { recursive: true });
const { metafile, outputFiles } = await build({
  write: false,
  entryPoints: ['src/main.ts'],
  outfile: 'dist/countersign.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  legalComments: 'none',
  banner: { js: '#!/usr/bin/env node' },
  define: { 'import.meta.dirname': '__dirname' },
  external: ['bufferutil', 'utf-8-validate'],
  logLevel: 'warning',
  plugins: [leaveOut],
});

// Renamed into place, so that a program that runs meanwhile finds the old file or the new one.
for (const { path, contents } of outputFiles) {
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, contents, { mode: 0o755 });
  await rename(aside, path);
}

if (process.argv.includes('--sizes')) {
  const inputs = Object.entries(metafile.outputs['dist/countersign.cjs'].inputs)
    .sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput)
    .slice(0, 40);
  for (const [path, { bytesInOutput }] of inputs) console.log(String(bytesInOutput).padStart(8), path);
}
