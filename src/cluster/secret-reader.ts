import type { SecretList, SecretReader, SecretWatcher } from '../domain/cluster.ts';
import { at, isJsonObject, type Json, type JsonObject, listAt, stringAt } from '../domain/json.ts';
import { checkNamespace } from '../domain/resource.ts';
import * as accept from './accept.ts';
import type { Api } from './api.ts';
import { query } from './paths.ts';
import { continueToken } from './reads.ts';

const pageSize = 500;
/** Bookmarks come each minute: a connection that says nothing for longer is dead, and what it would have said is missing. */
const watchLimits = { silenceMs: 150_000, wholeMs: 3_700_000 };
const watchSeconds = '3600';
const newline = 0x0a;

/** One kind and nothing else, whatever the credentials could read. */
export class Secrets implements SecretReader {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async listSecrets(namespace: string): Promise<SecretList> {
    const secrets: JsonObject[] = [];
    let next: string | undefined;
    let resourceVersion = '';
    do {
      const path = folder(namespace) + query({ limit: String(pageSize), continue: next });
      const what = `list Secrets in ${namespace} for masking`;
      const { body } = await this.#api.call({ method: 'GET', path, accept: accept.json, mutates: false, what });
      secrets.push(...listAt(body, 'items').filter(isJsonObject));
      // Of all pages of one list it is the same.
      resourceVersion = stringAt(body, 'metadata', 'resourceVersion') ?? '';
      next = continueToken(body);
    } while (next !== undefined);
    return { secrets, resourceVersion };
  }

  async watchSecrets(namespace: string, resourceVersion: string, watcher: SecretWatcher): Promise<void> {
    const parameters = { watch: 'true', resourceVersion, allowWatchBookmarks: 'true', timeoutSeconds: watchSeconds };
    const what = `watch Secrets in ${namespace} for masking`;
    const request = {
      method: 'GET',
      path: folder(namespace) + query(parameters),
      accept: accept.json,
      mutates: false,
      what,
    } as const;
    const lines = new Lines((line) => tell(line, watcher));
    const limits = { ...watchLimits, opened: () => watcher.opened() };
    await this.#api.stream(request, limits, (bytes) => lines.push(bytes));
  }
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes @throws to end it: what comes is not known any more */
function tell(line: string, watcher: SecretWatcher): void {
  const event = JSON.parse(line) as Json;
  const object = at(event, 'object');
  if (!isJsonObject(object)) throw new Error('a watch told of nothing');
  const type = stringAt(event, 'type');
  if (type === 'ADDED' || type === 'MODIFIED') watcher.changed(object);
  else if (type === 'DELETED') watcher.deleted(object);
  else if (type !== 'BOOKMARK') throw new Error('a watch ended itself');
}

class Lines {
  readonly #onLine: (line: string) => void;
  #coming: Buffer[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    let from = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      const line = Buffer.concat([...this.#coming, bytes.subarray(from, end)]).toString('utf8');
      this.#coming = [];
      from = end + 1;
      if (line.trim() !== '') this.#onLine(line);
    }
    if (from < bytes.length) this.#coming.push(Buffer.from(bytes.subarray(from)));
  }
}

const folder = (namespace: string): string =>
  `/api/v1/namespaces/${encodeURIComponent(checkNamespace(namespace))}/secrets`;
