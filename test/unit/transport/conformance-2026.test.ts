import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newestSuite, type Suite } from '../../support/conformance/newest.ts';
import { listed, type Ran, runRequirements } from '../../support/conformance/requirements.ts';
import { nowhere, onFixtures, onProgram } from '../../support/conformance/scenarios.ts';
import { startFixtures } from '../../support/conformance/start.ts';
import { listening } from '../../support/http-listening.ts';

const program = join(import.meta.dirname, '../../../dist/countersign.cjs');
let suite: Suite;
let folder: string;
const servers: ChildProcess[] = [];

beforeAll(async () => {
  suite = await newestSuite();
  folder = await mkdtemp(join(tmpdir(), 'cs-conformance-'));
}, 300_000);
afterAll(async () => {
  for (const server of servers) {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

/** The official suite for 2026-07-28 against the program itself, wherever a scenario needs no tool of the suite's own. */
describe('conformance of the program with 2026-07-28', () => {
  let ran: Map<string, Ran>;
  beforeAll(async () => {
    const env = { PATH: process.env.PATH ?? '', HOME: folder, COUNTERSIGN_STATE: join(folder, 'state') };
    const args = [program, 'serve', '--sandbox', '--http', '127.0.0.1:0'];
    const server = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    servers.push(server);
    ran = await runRequirements(suite, `${(await listening(server)).url}/mcp`, folder);
  }, 300_000);

  it.each(onProgram)('%s: %i checks pass', (scenario, passes, misses) => {
    expect(ran.get(scenario)?.failed).toEqual(misses);
    expect(ran.get(scenario)?.passed).toBeGreaterThanOrEqual(passes);
  });
});

/** And its other scenarios against the suite's fixtures behind the same transport. */
describe('conformance of the transport with 2026-07-28', () => {
  let ran: Map<string, Ran>;
  beforeAll(async () => {
    const { server, url } = await startFixtures();
    servers.push(server);
    ran = await runRequirements(suite, url, folder);
  }, 300_000);

  it.each(onFixtures)('%s: %i checks pass', (scenario, passes) => {
    expect(ran.get(scenario)?.failed).toEqual([]);
    expect(ran.get(scenario)?.passed).toBeGreaterThanOrEqual(passes);
  });

  it('leaves out no scenario without saying why', { timeout: 60_000 }, async () => {
    const said = [...onFixtures.map(([scenario]) => scenario), ...Object.keys(nowhere)];
    expect(said.sort()).toEqual([...(await listed(suite))].sort());
  });
});
