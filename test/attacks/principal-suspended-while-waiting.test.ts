import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { compose } from '../../src/compose.ts';
import type { Composition } from '../../src/composition.ts';
import { loadConfig } from '../../src/config.ts';
import { open } from '../../src/domain/masked.ts';
import { standingOf } from '../../src/domain/standing.ts';
import { localPrincipal } from '../../src/identity/local.ts';
import { systemClock } from '../../src/system.ts';
import { silent } from '../support/identity/authenticator.ts';
import { run } from '../unit/cli/harness.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const rules = `rules:
  - { name: reads, description: Reads flow here., match: { verbs: [get, list] }, effect: allow }
  - { name: held, description: Changes wait here., match: { verbs: [patch] }, effect: review, require: { people: 1, ownerMay: true } }
`;

async function started(folder: string): Promise<Composition> {
  const { config } = await loadConfig(undefined, {});
  const composition = await compose(
    { ...config, policy: { folder }, state: { directory: join(folder, 'state') } },
    { sandbox: true, serves: true, env: {}, log: silent },
  );
  ends.push(() => composition.close());
  return composition;
}

function caller(composition: Composition) {
  const principal = localPrincipal(userInfo().username, composition.people);
  const { suspensions } = composition.identity;
  return async (tool: string, input: object, waitBudget: number) => {
    const outcome = await composition.invoke({
      ...{
        tool,
        input,
        inputBytes: 100,
        principal,
        client: { name: 'test', version: '1' },
        progress: undefined,
        waitBudget,
      },
      ...{ signal: new AbortController().signal, standing: standingOf({ principal, suspensions, clock: systemClock }) },
    });
    return { status: outcome.status, message: open(outcome.message) };
  };
}

/** Whoever is suspended in the middle of a wait gets nothing of what was asked, not even when somebody approves it. */
it('a suspension from another process ends the wait within a second and withdraws what waits, for good', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'suspended-'));
  ends.push(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }));
  await writeFile(join(folder, 'rules.yaml'), rules);
  const composition = await started(folder);
  const call = caller(composition);
  const scale = { resource: 'deploy', name: 'web', namespace: 'shop', replicas: 9, reason: 'A sale.' };
  const waiting = call('scale', scale, 60_000);
  const approval = await held(composition);
  const env = { COUNTERSIGN_STATE: join(folder, 'state') };
  const name = userInfo().username;
  const suspended = run(['principals', 'suspend', name, '--reason', 'stolen laptop', '--sandbox'], env);
  const answer = await waiting;
  expect(answer).toEqual({
    status: 'unauthorized',
    message: expect.stringContaining(`The caller ${name} is suspended: stolen laptop`),
  });
  expect(await suspended).toMatchObject({ code: 0, out: expect.stringContaining('stolen laptop') });
  expect((await composition.approvals.read(approval.id)).state).toBe('withdrawn');
  const person = composition.people.byOsUser(name);
  if (person === undefined) throw new Error('nobody can approve');
  const vote = { person, decision: 'approve', comment: undefined, channel: 'terminal' } as const;
  await expect(composition.approvals.vote(approval.id, vote)).rejects.toThrow();
  for (const [tool, input] of [
    ['get', { resource: 'pods' }],
    ['approval', { id: approval.id }],
  ] as const)
    expect((await call(tool, input, 0)).status).toBe('unauthorized');
  const log = await run(['audit', 'query', '--principal', name, '--json'], env);
  expect(log.out).toMatch(/"PrincipalSuspended"[^}]*"by":"/);
  expect(log.out).toContain('"message":"stolen laptop"');

  expect(await run(['principals', 'resume', name, '--sandbox'], env)).toMatchObject({ code: 0 });
  await until(async () => (await call('get', { resource: 'pods', namespace: 'shop' }, 0)).status === 'ok');
});

async function held({ approvals }: Composition) {
  for (;;) {
    const [found] = (await approvals.list({ open: true })).filter(({ awaited }) => awaited);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function until(good: () => Promise<boolean>): Promise<void> {
  for (let n = 0; !(await good()); n++) {
    if (n > 100) throw new Error('it did not come');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
