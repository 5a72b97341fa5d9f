import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ClusterAgent, startPod } from '../support/cluster-agent.ts';
import { needs } from '../support/control-plane/namespace.ts';
import { held, Ledger } from './canaries.ts';
import { podWithAll, reason, startCanaryAgent, valuesIn } from './canary-rig.ts';
import { bytesOf, encodings } from './encodings.ts';

const ledger = new Ledger();
let agent: ClusterAgent;
const recordings: string[] = [];

beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  agent = await startCanaryAgent();
  ledger.values = await valuesIn(agent);
  await startPod(agent, podWithAll());
});

const octalOf = (bytes: Buffer): string => [...bytes].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');

/** Its output are these bytes; what it is called with is the caller's own, and holds none of them as they are. */
async function write(bytes: Buffer): Promise<string> {
  const { structured } = await agent.call('exec', { pod: 'web', command: ['printf', '%b', octalOf(bytes)], reason });
  expect(structured.status).toBe('executed');
  recordings.push(String(structured.recording));
  return String(structured.stdout);
}

const cli = async (...args: readonly string[]): Promise<string> => {
  const env = { ...process.env, COUNTERSIGN_STATE: agent.state };
  const all = ['dist/countersign.cjs', ...args, '--config', agent.configFile];
  return (await promisify(execFile)(process.execPath, all, { env, maxBuffer: 1e8 })).stdout;
};

describe('no canary is shown', () => {
  it.each(Object.entries(encodings))('by what a program writes: %s', async (name, encode) => {
    for (const value of held) ledger.text(`exec ${name}`, await write(Buffer.from(encode(value))));
  });

  it.each(Object.entries(bytesOf))('by bytes that are no text: %s', async (name, encode) => {
    for (const value of held) ledger.text(`exec ${name}`, await write(encode(value)));
  });

  it('by an error of the program', async () => {
    const command = ['sh', '-c', 'printf %b "$0" >&2', octalOf(Buffer.from(held[0] ?? ''))];
    const { structured } = await agent.call('exec', { pod: 'web', command, reason });
    expect(structured.status).toBe('executed');
    expect(structured.stderr).toBe('[masked Secret db/password]');
    ledger.text('stderr', String(structured.stderr));
  });

  it('by recordings, played and as asciicast', { timeout: 90_000 }, async () => {
    expect(recordings.length).toBeGreaterThan(40);
    for (const id of recordings.filter((_, index) => index % 3 === 0)) {
      ledger.look(`replay ${id}`, await cli('replay', id));
      ledger.look(`asciicast of ${id}`, await cli('replay', id, '--asciicast', '-'));
    }
    expect(await cli('replay', recordings[0] ?? '')).toContain('[masked Secret db/password]');
  });

  it('by questions to the audit log', { timeout: 90_000 }, async () => {
    const lines = await agent.audit();
    const [call] = lines.filter(({ type }) => type === 'RecordingClosed');
    ledger.look('audit show', await cli('audit', 'show', String(call?.invocation)));
    ledger.look('audit show --json', await cli('audit', 'show', String(call?.invocation), '--json'));
    for (const json of [[], ['--json']]) {
      ledger.look('audit query', await cli('audit', 'query', ...json));
      ledger.look('audit tail', await cli('audit', 'tail', ...json));
    }
    expect(await cli('audit', 'query')).toContain('RecordingClosed');
  });

  it('at all', ({ task }) => ledger.expectNothing('programs, recordings, audit', task.file, 800));
});
