import { execFile } from 'node:child_process';
import { dirname, isAbsolute, join } from 'node:path';
import type { Clock } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { isJsonObject, type Json, stringAt } from '../domain/json.ts';
import type { Credentials } from './connection.ts';

export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The kubeconfig's path: a relative command with a slash is relative to its folder. */
  readonly kubeconfig: string;
}

const renewBeforeMs = 60_000;
const withoutExpiryMs = 10 * 60_000;

/**
 * Credentials of a client-go credential plugin; run only where the configuration allows it by name.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
export function execPlugin(plugin: ExecPlugin, clock: Clock): Credentials {
  let header: string | undefined;
  let good = 0;
  let running: Promise<string> | undefined;
  const fetch = async (): Promise<string> => {
    const answer = await run(plugin);
    const token = stringAt(answer, 'status', 'token');
    if (token === undefined) throw refused('gave no token; client certificates of plugins are not supported');
    const expires = Date.parse(stringAt(answer, 'status', 'expirationTimestamp') ?? '');
    good = Number.isNaN(expires) ? clock.now() + withoutExpiryMs : expires - renewBeforeMs;
    header = `Bearer ${token}`;
    return header;
  };
  return {
    authorization: () => {
      if (header !== undefined && clock.now() < good) return header;
      running ??= fetch().finally(() => {
        running = undefined;
      });
      return running;
    },
    rejected: () => {
      header = undefined;
    },
  };
}

const refused = (what: string, cause?: unknown): CountersignError =>
  new CountersignError('Unavailable', `the credential plugin of the kubeconfig ${what}`, {
    hint: 'tell the operator to run the plugin by hand',
    cause,
  });

function run(plugin: ExecPlugin): Promise<Json> {
  const command =
    plugin.command.includes('/') && !isAbsolute(plugin.command)
      ? join(dirname(plugin.kubeconfig), plugin.command)
      : plugin.command;
  const info = { apiVersion: plugin.apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const env = { ...process.env, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  return new Promise((resolve, reject) => {
    const options = { env, timeout: 10_000, maxBuffer: 1 << 20 };
    const child = execFile(command, [...plugin.args], options, (error, stdout) => {
      if (error !== null) return reject(refused('failed', error));
      try {
        const answer: unknown = JSON.parse(stdout);
        if (isJsonObject(answer)) return resolve(answer);
      } catch (cause) {
        return reject(refused('answered with something that is not JSON', cause));
      }
      reject(refused('answered with something that is not an ExecCredential'));
    });
    child.stdin?.end();
  });
}
