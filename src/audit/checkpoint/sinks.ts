import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import type { SinkConfig } from '../config.ts';
import type { CheckpointSink } from './outbox.ts';

/** Milliseconds for a whole exchange. */
const sendWithin = 10_000;

export const createSink = (config: SinkConfig): CheckpointSink =>
  'file' in config ? fileSink(config.file) : httpSink(new URL(config.url), config);

/** Adds each note to a file, with an empty line behind it; on disk when `put` resolves. */
function fileSink(path: string): CheckpointSink {
  return {
    name: path,
    put: async (note) => {
      const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
      try {
        await file.appendFile(`${note}\n`);
        await file.datasync();
      } finally {
        await file.close();
      }
    },
  };
}

/** Sends each note by POST. No redirects: who is configured has to take it. */
function httpSink(url: URL, { authorization, ca }: Extract<SinkConfig, { url: string }>): CheckpointSink {
  return {
    name: url.host,
    put: async (note) => {
      const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'));
      const status = await exchange(request, url, note, {
        method: 'POST',
        headers: {
          'content-type': 'text/plain; charset=utf-8',
          'content-length': String(Buffer.byteLength(note)),
          ...(authorization === undefined ? {} : { authorization }),
        },
        // Read each time, since it may be renewed.
        ...(ca === undefined ? {} : { ca: await readFile(ca) }),
        signal: AbortSignal.timeout(sendWithin),
      });
      if (status < 200 || status > 299) throw new Error(`it answered ${status}`);
    },
  };
}

function exchange(
  request: typeof import('node:http').request,
  url: URL,
  body: string,
  options: RequestOptions,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
