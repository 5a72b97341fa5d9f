import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { isJsonObject } from '../../src/domain/json.ts';

/** Waits until a spawned `serve --http` says its port, and keeps what it writes to stderr. */
export async function listening(server: ChildProcess): Promise<{ readonly url: string; readonly log: () => string }> {
  let text = '';
  if (server.stderr === null) throw new Error('no stderr');
  const lines = createInterface({ input: server.stderr });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`the server ended (${code}): ${text}`)));
    lines.on('line', (line) => {
      text += `${line}\n`;
      const said: unknown = line.startsWith('{') ? JSON.parse(line) : undefined;
      if (isJsonObject(said) && typeof said.port === 'number') resolve(said.port);
    });
  });
  return { url: `http://127.0.0.1:${port}`, log: () => text };
}
