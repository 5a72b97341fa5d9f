import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvalConfigSchema } from '../../../src/approval/config.ts';
import { recoverApprovals } from '../../../src/approval/recover.ts';
import { type ApprovalDeps, createApprovals } from '../../../src/approval/service.ts';
import { createTerminalChannel } from '../../../src/approval/terminal/channel.ts';
import type { Approvals } from '../../../src/domain/approval.ts';
import type { State } from '../../../src/domain/state.ts';
import { openState } from '../../../src/state/state.ts';
import { ballot, draft, echoing, people, realRandom, silent } from '../../support/approvals.ts';
import { createAuditFake } from '../../support/audit-fake.ts';

const childFile = fileURLToPath(new URL('../../support/approval-child.ts', import.meta.url));

class Child {
  readonly process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  constructor(root: string, auditFile: string) {
    this.process = spawn(process.execPath, ['--import', 'tsx', childFile, root, auditFile]);
    this.process.stderr.resume();
    this.#lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }
  send(line: string): void {
    this.process.stdin.write(`${line}\n`);
  }
  async next(): Promise<string> {
    return (await this.#lines.next()).value ?? '(gone)';
  }
  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await gone;
  }
}

describe('two real processes', () => {
  let folder: string;
  let state: State;
  let deps: ApprovalDeps;
  let approvals: Approvals;
  const children: Child[] = [];
  const start = async (): Promise<Child> => {
    const child = new Child(join(folder, 'state'), join(folder, 'audit'));
    children.push(child);
    expect(await child.next()).toBe('ready');
    return child;
  };
  let plans = 0;
  const approved = async (): Promise<string> => {
    const name = `sha256:${plans++}`;
    const { id } = await approvals.request(draft({ planDigest: name, callDigest: name }));
    await approvals.vote(id, ballot('bo'));
    return id;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cs-two-'));
    const clock = { now: () => Date.now() };
    state = await openState({ root: join(folder, 'state'), clock, random: realRandom, log: silent });
    const audit = createAuditFake(join(folder, 'audit'));
    deps = {
      state,
      clock,
      random: realRandom,
      audit,
      auditReader: audit,
      people,
      channels: [createTerminalChannel({ local: 'sudo', people, osUser: 'countersign' })],
      masker: echoing,
      limits: { ...approvalConfigSchema.parse({}), openPerAgent: 100, openPerOwner: 100 },
      log: silent,
    };
    approvals = createApprovals(deps);
  });
  afterAll(async () => {
    for (const child of children) await child.end();
    await state.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('race for a claim, and exactly one wins, each time', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    for (let round = 0; round < 8; round++) {
      const id = await approved();
      for (const child of [a, b]) child.send(`claim ${id}`);
      const answers = await Promise.all([a.next(), b.next()]);
      expect(answers.toSorted()).toEqual(['Conflict', 'claimed']);
    }
  });

  it('see a vote of the other one soon', async () => {
    const child = await start();
    const { id } = await approvals.request(draft({ planDigest: 'sha256:soon', callDigest: 'sha256:soon' }));
    const waiting = approvals.wait(id, { until: Number.MAX_SAFE_INTEGER, signal: new AbortController().signal });
    child.send(`vote ${id}`);
    expect((await waiting).state).toBe('approved');
    expect(await child.next()).toBe('approved');
  });

  it('leave the claim of a stopped process alone, and settle that of a killed one', async () => {
    const [stopped, killed] = await Promise.all([start(), start()]);
    const [a, b] = [await approved(), await approved()];
    stopped.send(`claim ${a}`);
    expect(await stopped.next()).toBe('claimed');
    stopped.process.kill('SIGSTOP');
    const gone = new Promise((resolve) => killed.process.once('exit', resolve));
    killed.send(`die ${b}`);
    await gone;
    const settled = (await recoverApprovals({ ...deps, wasAuthorized: async () => false })).map(
      ({ approval, state: reached }) => [approval, reached],
    );
    expect(settled).toContainEqual([b, 'failed']);
    expect(settled.map(([id]) => id)).not.toContain(a);
    expect((await approvals.read(a)).state).toBe('claimed');
    await stopped.end();
    expect(await recoverApprovals(deps)).toContainEqual(expect.objectContaining({ approval: a, state: 'unknown' }));
    await expect(approvals.claim(a, (await approvals.read(a)).requirement)).rejects.toMatchObject({ code: 'Conflict' });
  });
});
