import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { verifyRecording } from '../../src/recording/read.ts';
import { readSession } from '../../src/recording/session.ts';
import { type ClusterAgent, startClusterAgent, startPod } from '../support/cluster-agent.ts';
import { needs } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { manifest } from '../support/manifests.ts';

let agent: ClusterAgent;
beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  const rules = [{ name: 'everything', description: 'All of it.', match: {}, effect: 'allow' }];
  agent = await startClusterAgent({ rules });
  await startPod(agent, manifest('pod', agent.namespace));
});

const numbers = 700_000;

it('keeps all of what a program writes that writes much, while the agent gets a part', async () => {
  const command = ['seq', String(numbers)];
  const { structured, text } = await agent.call('exec', { pod: 'shell', command, timeout: 60, reason: 'a test' });
  expect(structured).toMatchObject({ status: 'executed', exitCode: 0, droppedBytes: expect.any(Number) });
  expect(text.length).toBeLessThan(100_000);
  const id = String(structured.recording);
  // Clients show a model one of the two.
  expect(text).toContain(id);
  const folder = join(agent.state, 'recordings');

  const { cues, facts } = await readSession(folder, id);
  expect(facts).toMatchObject({ exitCode: 0, command });
  const recorded = cues.map((cue) => cue.text).join('');
  expect(recorded).toBe(Array.from({ length: numbers }, (_, index) => `${index + 1}\n`).join(''));

  const report = await verifyRecording(join(folder, `${id}.jsonl`));
  expect(report).toMatchObject({ consistent: true, complete: true, faults: [] });
  await waitUntil('the audit log has its root', async () =>
    (await agent.audit()).some(({ type, root }) => type === 'RecordingClosed' && root === report.root),
  );
});

it('plays whole into a pipe, and is what the audit log sealed', async () => {
  const program = join(import.meta.dirname, '../../dist/countersign.cjs');
  const env = { PATH: process.env.PATH ?? '', HOME: agent.state, COUNTERSIGN_CONFIG: agent.configFile };
  const replayed = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [program, 'replay', ...args], {
      env: { ...env, COUNTERSIGN_STATE: agent.state },
      maxBuffer: 64 * 1024 * 1024,
    });
  const { stdout: list } = await replayed();
  const [id = ''] = /rec-\w+/.exec(list) ?? [];
  // It ends with 1, and so throws here, where the chain is broken or the root is another.
  const { stdout } = await replayed(id);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(String(numbers));
});
