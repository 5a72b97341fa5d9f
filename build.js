// Bundles src/main.ts into dist/countersign.cjs: one file to load, and only what `serve` needs is run at the start.
import { chmod, mkdir, rm } from 'node:fs/promises';
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

await rm('dist', { recursive: true, force: true });
await mkdir('dist', { recursive: true });
const { metafile } = await build({
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
await chmod('dist/countersign.cjs', 0o755);

if (process.argv.includes('--sizes')) {
  const inputs = Object.entries(metafile.outputs['dist/countersign.cjs'].inputs)
    .sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput)
    .slice(0, 40);
  for (const [path, { bytesInOutput }] of inputs) console.log(String(bytesInOutput).padStart(8), path);
}
