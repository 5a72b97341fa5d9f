import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { startSandbox } from '../../../src/sandbox/server.ts';
import { openState } from '../../../src/state/state.ts';
import { type AgentRig, startAgent } from '../../support/agent.ts';
import { keptLog, random, realClock, temporaryFolder } from '../audit/support.ts';
import { run } from './harness.ts';

it('makes a key that seals from the next start on, and leaves the old one to open what it sealed', async () => {
  const root = temporaryFolder();
  const open = () => openState({ root, clock: realClock, random, log: keptLog() });
  const before = await open();
  const sealed = before.seal('kept', 'test');
  await before.close();
  const { code, out } = await run(['state', 'rotate-key', '--json'], { COUNTERSIGN_STATE: root });
  expect(code).toBe(0);
  const { key } = JSON.parse(out);
  const after = await open();
  onTestFinished(() => after.close());
  expect(after.keyed('x')).toContain(`hmac-sha256:${key}:`);
  expect(after.unseal(sealed, 'test')).toBe('kept');
  expect(sealed).not.toContain(key);
});

it('leaves an approval good that was asked for under the old key, hidden values and all', async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.stop());
  const state = temporaryFolder();
  const token = join(temporaryFolder(), 'token');
  writeFileSync(token, sandbox.token, { mode: 0o600 });
  const start = async (): Promise<AgentRig> => {
    const cluster = { sandbox: { url: sandbox.url, token: `file:${token}` } };
    const rig = await startAgent({
      state,
      config: { clusters: { here: cluster } },
    });
    onTestFinished(() => rig.leave());
    return rig;
  };
  const first = await start();
  const manifest = stringify({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'rotated', namespace: 'shop' } },
    stringData: { password: 'hunter2-hunter2' },
  });
  const asked = first.call('apply', { manifest, reason: 'a test' }).catch(() => undefined);
  const { id } = await first.held();
  await first.leave();
  await asked;
  expect((await run(['state', 'rotate-key'], { COUNTERSIGN_STATE: state })).out).toContain('restart those that run');
  const second = await start();
  await second.vote(id, 'ana@example.com', 'approve');
  await second.vote(id, 'bo@example.com', 'approve').catch(() => undefined);
  expect((await second.call('approval', { id })).structured).toMatchObject({ status: 'executed' });
});
