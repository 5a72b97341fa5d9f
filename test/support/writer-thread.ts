import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { WriterThread } from '../../src/recording/writer.ts';

type StartThread = () => Promise<WriterThread>;

/** The thread that writes recordings, bundled as it is shipped: Node 20 runs no TypeScript in a thread. */
export async function bundledWriterThread(): Promise<{ start: StartThread; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-thread-'));
  const outfile = join(folder, 'writer-thread.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, '../../src/recording/writer-thread.ts')],
    ...{ outfile, bundle: true, platform: 'node', target: 'node20', format: 'esm', logLevel: 'warning' },
  });
  const { startWriterThread } = (await import(pathToFileURL(outfile).href)) as { startWriterThread: StartThread };
  return { start: startWriterThread, remove: () => rm(folder, { recursive: true }) };
}
