import type { SecretReader } from '../domain/cluster.ts';
import { isJsonObject, type JsonObject, listAt } from '../domain/json.ts';
import { checkName, checkNamespace } from '../domain/resource.ts';
import * as accept from './accept.ts';
import type { Api } from './api.ts';
import { query } from './paths.ts';
import { continueToken } from './reads.ts';

const resources = {
  Secret: 'secrets',
  ServiceAccount: 'serviceaccounts',
  Pod: 'pods',
  ConfigMap: 'configmaps',
} as const;
const pageSize = 500;

/** Four kinds and nothing else, whatever the credentials could read. */
export class Secrets implements SecretReader {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async get(namespace: string, kind: keyof typeof resources, name: string): Promise<JsonObject | undefined> {
    const path = `${folder(namespace, kind)}/${encodeURIComponent(checkName(name))}`;
    const what = `read ${kind} ${namespace}/${name} for masking`;
    const found = await this.#api.find({ method: 'GET', path, accept: accept.json, mutates: false, what });
    return found?.body;
  }

  async listSecrets(namespace: string): Promise<readonly JsonObject[]> {
    const secrets: JsonObject[] = [];
    let next: string | undefined;
    do {
      const path = folder(namespace, 'Secret') + query({ limit: String(pageSize), continue: next });
      const what = `list Secrets in ${namespace} for masking`;
      const { body } = await this.#api.call({ method: 'GET', path, accept: accept.json, mutates: false, what });
      secrets.push(...listAt(body, 'items').filter(isJsonObject));
      next = continueToken(body);
    } while (next !== undefined);
    return secrets;
  }
}

const folder = (namespace: string, kind: keyof typeof resources): string =>
  `/api/v1/namespaces/${encodeURIComponent(checkNamespace(namespace))}/${resources[kind]}`;
