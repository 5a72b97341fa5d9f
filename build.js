// Bundles src/main.ts into dist: countersign.cjs, main.mjs, and the parts that are loaded when they are needed.
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const folder = 'dist';
const minute = 60_000;

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

/**
 * A library that `serve` runs late still comes with the part that asks for it, as text that is not run before: a server whose
 * package is updated under it goes on with what it has in memory.
 */
const lateLibraries = {
  name: 'late-libraries',
  setup(bundler) {
    bundler.onLoad({ filter: /\/src\/(?:cli\/log|cluster\/[^/]+)\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(
        /\bimport\(('(?:pino|undici|ws)[/'][^)]*)\)/g,
        'Promise.resolve({ default: require($1) })',
      ),
      loader: 'ts',
    }));
  },
};

/** Every `import()` begins a part, and what several parts share is one of its own, so that each module exists once. */
const bundle = () =>
  build({
    write: false,
    entryPoints: { main: 'src/main.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    // The hash of what is in it: a program that runs never gets a part of another build.
    chunkNames: 'part-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    legalComments: 'none',
    // For the libraries that are CommonJS and ask for a module of Node.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    external: ['bufferutil', 'utf-8-validate'],
    logLevel: 'warning',
    plugins: [leaveOut, lateLibraries],
  });

/** Renamed into place, so that a program that starts meanwhile finds the old file or the new one. */
async function put({ name, contents }) {
  const aside = join(folder, `.${name}.${process.pid}`);
  await writeFile(aside, contents, { mode: 0o755 });
  await rename(aside, join(folder, name));
}

/** A program that runs may still load a part of an earlier build: those stay for an hour, but never go into a package. */
async function removeOthers(names, age) {
  for (const name of await readdir(folder)) {
    if (names.has(name)) continue;
    const path = join(folder, name);
    const file = await stat(path).catch(() => undefined);
    if (file !== undefined && Date.now() - file.mtimeMs >= age) await rm(path, { recursive: true, force: true });
  }
}

function printSizes({ outputs }) {
  const inputs = Object.values(outputs)
    .flatMap((output) => Object.entries(output.inputs))
    .sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput)
    .slice(0, 40);
  for (const [path, { bytesInOutput }] of inputs) console.log(String(bytesInOutput).padStart(8), path);
}

const program = { name: 'countersign.cjs', contents: "#!/usr/bin/env node\nimport('./main.mjs');\n" };

const { metafile, outputFiles } = await bundle();
const files = outputFiles.map(({ path, contents }) => ({ name: basename(path), contents }));
await mkdir(folder, { recursive: true });
// What names the parts comes after them.
const main = files.filter(({ name }) => name === 'main.mjs');
await Promise.all(files.filter((file) => !main.includes(file)).map(put));
await Promise.all([...main, program].map(put));
await removeOthers(
  new Set([...files, program].map(({ name }) => name)),
  process.argv.includes('--clean') ? 0 : 60 * minute,
);
if (process.argv.includes('--sizes')) printSizes(metafile);
