import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { compose } from '../src/compose.ts';
import type { Composition } from '../src/composition.ts';
import { configSchema } from '../src/config/schema.ts';
import type { Log } from '../src/domain/environment.ts';
import type { Principal } from '../src/domain/principal.ts';
import { type Calls, createCalls } from '../src/transport/calls.ts';
import { tools } from '../tools/index.ts';

const quiet: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (message, fields) => console.error(message, fields),
};

/** Reads flow, every change waits for one person, who may be anybody but the one behind the agent. */
const rules = `
rules:
  - { name: reads-flow, description: Objects may be read., match: { verbs: [get, list] }, effect: allow }
  - name: changes-wait
    description: Every change waits.
    match: { verbs: [create, patch, delete] }
    effect: review
    require: { people: 1, decideWithin: 2h, useWithin: 2h }
`;

/** Who votes: the user of this process. */
export const voter = userInfo().username;

export const makeRoot = (): Promise<string> => mkdtemp(join(tmpdir(), 'countersign-bench-approvals-'));
export const removeRoot = (root: string): Promise<void> =>
  rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });

/** The whole server without its pipe: its state and log on disk, the sandbox behind it. */
export async function openServer(root: string, serves: boolean): Promise<Composition> {
  const folder = join(root, 'policy');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'rules.yaml'), rules);
  const people = [{ id: voter, osUsers: [voter] }];
  const limits = { callsPerSecond: 10_000, inFlight: 10_000 };
  const config = configSchema.parse({ policy: { folder }, people, limits, state: { directory: join(root, 'state') } });
  return compose(config, { sandbox: true, serves, env: {}, log: quiet });
}

const principal = (n: number): Principal => ({
  issuer: 'https://issuer.example.com',
  subject: `owner-${n}`,
  groups: [],
  agent: `bot-${n}`,
  person: `owner-${n}@example.com`,
  verified: true,
});

export interface Wire {
  /** Sends a call as a line from a pipe would be, as the principal whose turn it is; resolves with when its answer was written. */
  call(tool: string, input: object): Promise<{ readonly at: number; readonly line: string }>;
  /** Calls that were told that they wait, since `forget`. */
  readonly held: () => number;
  readonly forget: () => void;
  readonly calls: Calls;
}

/** What stands behind the pipe: JSON in, JSON out, `principals` taken in turn because one pipe has one caller only. */
export function openWire(server: Composition, principals: number): Wire {
  const waiting = new Map<number, (answer: { at: number; line: string }) => void>();
  const who = Array.from({ length: principals }, (_, n) => principal(n));
  let turn = 0;
  let next = 1;
  const told = new Set<string>();
  const calls = createCalls({
    invoke: server.invoke,
    settings: async () => ({
      tools,
      prefix: '',
      principal: () => who[turn++ % principals] ?? principal(0),
      waitBudget: () => 7_200_000,
    }),
    client: () => ({ name: 'bench', version: '1' }),
    write: (line) => {
      const id = Number(/^\{"jsonrpc":"2\.0","id":(\d+)/.exec(line)?.[1]);
      const token = /"progressToken":(\d+)/.exec(line)?.[1];
      if (token !== undefined) told.add(token);
      waiting.get(id)?.({ at: now(), line });
      waiting.delete(id);
    },
    log: quiet,
  });
  return {
    calls,
    held: () => told.size,
    forget: () => told.clear(),
    call: (tool, input) => {
      const id = next++;
      const params = { name: tool, arguments: input, _meta: { progressToken: id } };
      const line = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params });
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        calls.take(JSON.parse(line), line.length);
      });
    },
  };
}

/** Milliseconds on a clock that all processes of the machine share, finer than a millisecond. */
export const now = (): number => performance.timeOrigin + performance.now();

export const configMap = (name: string): object => ({
  manifest: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: shop }\ndata: { key: "1" }\n`,
  reason: 'the bench holds it',
});
