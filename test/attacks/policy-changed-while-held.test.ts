import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { compose } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { open } from '../../src/domain/masked.ts';
import { localPrincipal } from '../../src/identity/local.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const reads = '  - { name: reads, description: Reads flow here., match: { verbs: [get, list] }, effect: allow }\n';
const held =
  '  - { name: held, description: Changes wait here., match: { verbs: [patch] }, effect: review, require: { people: 1, ownerMay: true } }\n';
const byTwo =
  '  - { name: held, description: Changes wait here., match: { verbs: [patch] }, effect: review, require: { people: 2, ownerMay: true } }\n';
const many = `  - { name: few, description: Nothing is scaled so far., match: { verbs: [patch] }, when: ["facts.replicas.to > 5"], effect: deny }\n`;

/** What was approved under yesterday's rules does not run under those of today, if today's would not have let it. */
it.each([
  ['denies it', `rules:\n${reads}${held}${many}`, /denied|drifted/],
  ['asks for more people', `rules:\n${reads}${byTwo}`, /pending|drifted|denied/],
])('an approved call does not run when the policy now %s', async (_, changed, status) => {
  const folder = await mkdtemp(join(tmpdir(), 'policy-held-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const rules = join(folder, 'rules.yaml');
  await writeFile(rules, `rules:\n${reads}${held}`);
  const { config } = await loadConfig(undefined, { COUNTERSIGN_STATE: join(folder, 'state') });
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const composition = await compose(
    { ...config, policy: { folder }, state: { directory: join(folder, 'state') } },
    { sandbox: true, serves: true, env: {}, log: quiet },
  );
  ends.push(() => composition.close());
  const principal = localPrincipal(userInfo().username, composition.people);
  const invoke = async (tool: string, input: object) => {
    const call = { tool, input, inputBytes: 100, principal, client: { name: 'test', version: '1' } };
    const outcome = await composition.invoke({
      ...call,
      signal: new AbortController().signal,
      progress: undefined,
      waitBudget: 0,
    });
    return { status: outcome.status, data: open(outcome.data) };
  };
  const scale = { resource: 'deploy', name: 'web', namespace: 'shop', replicas: 9, reason: 'A sale.' };
  expect((await invoke('scale', scale)).status).toBe('approval_pending');
  const [approval] = await composition.approvals.list({ open: true });
  const person = composition.people.byOsUser(userInfo().username);
  if (approval === undefined || person === undefined) throw new Error('nothing is open, or nobody can approve');
  const vote = { person, decision: 'approve', comment: undefined, channel: 'terminal' } as const;
  expect((await composition.approvals.vote(approval.id, vote)).state).toBe('approved');

  await writeFile(rules, changed);
  await composition.policy.reload();
  expect((await invoke('approval', { id: approval.id })).status).toMatch(status);
  const read = await invoke('get', {
    resource: 'deploy',
    name: 'web',
    namespace: 'shop',
    output: 'json',
    fields: ['spec.replicas'],
  });
  expect(JSON.stringify(read.data)).toMatch(/"replicas":3/);
});
