import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackend } from '../../../src/cli/backend.ts';
import { compose } from '../../../src/compose.ts';
import type { Log, LogFields } from '../../../src/domain/environment.ts';
import { open } from '../../../src/domain/masked.ts';

export interface StdioRig {
  readonly folder: string;
  readonly env: Record<string, string | undefined>;
  /** Everything that the operational log took. */
  readonly logged: readonly string[];
  call(tool: string, input: object): Promise<{ status: string; message: string; text: string }>;
  close(): Promise<void>;
}

const rules = `rules:
  - { name: reads, description: Verified callers read., match: { verbs: [get, list], principal: { verified: true } }, effect: allow }
  - { name: held, description: Changes wait here., match: { verbs: [patch] }, effect: review, require: { people: 1 } }
`;

/** What `countersign serve` runs behind stdio, on the sandbox, with this `identity` in its configuration. */
export async function stdioRig(identity: object, env: Record<string, string | undefined>): Promise<StdioRig> {
  const folder = await mkdtemp(join(tmpdir(), 'cs-stdio-'));
  const policy = join(folder, 'policy');
  await mkdir(policy);
  await writeFile(join(policy, 'rules.yaml'), rules);
  const file = join(folder, 'countersign.yaml');
  const people = [{ id: 'ana@example.com', subjects: [{ issuer: issuerOf(identity), subject: 'ana' }] }];
  const config = { identity, people, policy: { folder: policy }, state: { directory: join(folder, 'state') } };
  await writeFile(file, JSON.stringify(config));
  const logged: string[] = [];
  const note = (message: string, fields?: LogFields): void => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const backend = createBackend({ config: file, sandbox: true, env, log, loadCompose: async () => compose });
  return {
    folder,
    env,
    logged,
    call: async (tool, input) => {
      const principal = (await backend.settings()).principal();
      const outcome = await backend.invoke({
        ...{ tool, input, inputBytes: 100, principal, client: { name: 'test', version: '1' }, progress: undefined },
        ...{ signal: new AbortController().signal, waitBudget: 0 },
      });
      const text = outcome.text === undefined ? '' : open(outcome.text);
      return { status: outcome.status, message: open(outcome.message), text };
    },
    close: async () => {
      await backend.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    },
  };
}

const issuerOf = (identity: object): string =>
  'issuers' in identity && Array.isArray(identity.issuers) ? String(identity.issuers[0]?.issuer) : 'none';
