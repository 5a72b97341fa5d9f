import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HttpAgents, startHttpAgents, statusOf } from '../support/http-agent.ts';

/** Who is in the group `deployers` may change things when a person countersigns; everybody else may read. */
const rules = `rules:
  - name: reads-flow
    description: Objects may be read.
    match: { verbs: [get, list] }
    effect: allow
  - name: deployers-wait
    description: Deployers may change what a person countersigns.
    match: { verbs: [create, patch, delete], principal: { groups: [deployers] } }
    effect: review
    require: { people: 1, decideWithin: 15m, useWithin: 15m }
`;

let agents: HttpAgents;
let policy: string;
beforeAll(async () => {
  policy = await mkdtemp(join(tmpdir(), 'cs-policy-'));
  await writeFile(join(policy, 'rules.yaml'), rules);
  agents = await startHttpAgents({ policy: { folder: policy } });
});
afterAll(async () => {
  await agents.close();
  await rm(policy, { recursive: true, force: true });
});

const scale = (replicas: number) => ({
  name: 'scale',
  arguments: { resource: 'deploy', name: 'web', namespace: 'shop', replicas, reason: 'test' },
});
const program = join(import.meta.dirname, '../../dist/countersign.cjs');

it('two agents with different groups get different outcomes, and one is revoked in the middle of its wait', async () => {
  const deployer = await agents.connect({ person: 'li', client: 'agent', groups: ['deployers'] });
  const reader = await agents.connect({ person: 'li', client: 'robot', groups: ['readers'] });
  const get = { name: 'get', arguments: { resource: 'pods', namespace: 'shop' } };
  expect(statusOf(await reader.callTool(get))).toBe('ok');
  expect(statusOf(await reader.callTool(scale(4)))).toBe('denied');

  const first = deployer.callTool(scale(4));
  await agents.approve((await agents.held()).id, 'ana@example.com');
  expect(statusOf(await first)).toBe('executed');

  const waits = deployer.callTool(scale(6));
  const asked = await agents.held();
  const env = { PATH: process.env.PATH ?? '', HOME: agents.state, COUNTERSIGN_STATE: agents.state };
  const cli = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [program, 'sessions', ...args, '--config', `${agents.state}.yaml`], { env });
  await cli('revoke', 'agent');
  const told = await waits;
  expect(statusOf(told)).toBe('unauthorized');
  await agents.approve(asked.id, 'ana@example.com');
  await expect(deployer.callTool(get)).rejects.toThrow(/no such session/);
  expect(statusOf(await reader.callTool(get))).toBe('ok');
  expect((await agents.office.approvals.read(asked.id)).state).toBe('approved');
});
