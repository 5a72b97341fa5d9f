import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { KnownValue } from '../domain/masker.ts';

export interface OwnValuesOptions {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The state directory. */
  readonly root: string;
  /** What clusters are spoken to with, now. */
  readonly credentials: () => readonly string[];
}

/** Of the server's own environment: what it was given to be somebody with. */
const sensitive = /(?:TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|PRIVATE_KEY|API_KEY|ACCESS_KEY(?!_ID))/;
/** Where a secret lies, and no secret. */
const about = /(?:_FILE|_PATH|_DIR|_URI|_URL|_ARN|_NAME|_ID)$/;
const shortest = 8;

/**
 * The server's own credentials, which no output may show whatever it is about: they are looked for in everything. The same array
 * while nothing changed. They go to the masker and nowhere else.
 */
export function createOwnValues(options: OwnValuesOptions): () => readonly KnownValue[] {
  let fixed: readonly KnownValue[] | undefined;
  let inUse: readonly string[] = [];
  let all: readonly KnownValue[] = [];
  return () => {
    const now = options.credentials();
    if (fixed !== undefined && now === inUse) return all;
    fixed ??= [...configured(options.config), ...fromEnvironment(options.env), ...stateKeys(options.root)];
    inUse = now;
    const credentials = now.map((value) => ({ value, source: 'credential of Countersign' }));
    all = [...fixed, ...credentials].filter(({ value }) => value.length >= shortest);
    return all;
  };
}

function configured({ approvals, http, identity }: Config): readonly KnownValue[] {
  const { slack } = approvals;
  const values = [
    slack?.botToken,
    slack?.appToken,
    slack?.signingSecret,
    http.metricsToken,
    ...identity.issuers.map((issuer) => ('introspection' in issuer ? issuer.introspection?.clientSecret : undefined)),
  ];
  return values.flatMap((value) => (value === undefined ? [] : [{ value, source: 'secret of Countersign' }]));
}

const fromEnvironment = (env: OwnValuesOptions['env']): readonly KnownValue[] =>
  Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && sensitive.test(name) && !about.test(name)
      ? [{ value, source: `environment of Countersign ${name}` }]
      : [],
  );

/** Those that are not there now are made later and were never shown. */
function stateKeys(root: string): readonly KnownValue[] {
  try {
    const folder = join(root, 'keys');
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => {
        const parsed: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'));
        const secret = typeof parsed === 'object' && parsed !== null && 'secret' in parsed ? parsed.secret : undefined;
        return typeof secret === 'string' ? [{ value: secret, source: 'state key of Countersign' }] : [];
      });
  } catch {
    return [];
  }
}
