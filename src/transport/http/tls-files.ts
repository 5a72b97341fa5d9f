import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Log } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Certificate and key that fit each other. @throws Invalid that names the file or says what is wrong */
export async function readTls(files: TlsFiles): Promise<Tls> {
  const read = (path: string): Promise<Buffer> =>
    readFile(path).catch((cause: unknown) => {
      throw invalidTls(`${path} cannot be read (${codeOf(cause)})`, cause);
    });
  const [cert, key] = await Promise.all([read(files.cert), read(files.key)]);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw invalidTls(`${files.cert} and ${files.key} are not a certificate and its key (${codeOf(cause)})`, cause);
  }
  return { cert, key };
}

/**
 * Looks for other files each time it is called, and hands them on. What is bad is said once and leaves the last good ones in
 * force: the file may be half written, and a server without TLS would be no better.
 */
export function createTlsReload(files: TlsFiles, first: Tls, renew: (tls: Tls) => void, log: Log): () => Promise<void> {
  let known = digestOf(first);
  let complained = '';
  return async () => {
    try {
      const tls = await readTls(files);
      if (digestOf(tls) === known) return;
      renew(tls);
      known = digestOf(tls);
      complained = '';
      log.info('The TLS certificate was renewed', { cert: files.cert });
    } catch (thrown) {
      const said = thrown instanceof Error ? thrown.message : String(thrown);
      if (said !== complained) log.error(`The TLS files are not usable; the last good ones stay in force: ${said}`);
      complained = said;
    }
  };
}

const digestOf = ({ cert, key }: Tls): string =>
  createHash('sha256').update(cert).update('\0').update(key).digest('hex');

const codeOf = (cause: unknown): string =>
  cause instanceof Error ? String((cause as { code?: unknown }).code ?? 'unreadable') : 'unreadable';

const invalidTls = (message: string, cause: unknown): CountersignError =>
  new CountersignError('Invalid', `http.tls: ${message}`, { hint: 'correct http.tls in the configuration', cause });
