import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinLogs } from '../../src/audit/join/join.ts';
import { ourRequests } from '../../src/audit/join/ours.ts';
import { query } from '../../src/audit/query.ts';
import { verify } from '../../src/audit/verify/verify.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { startAgent } from '../support/agent.ts';
import { expectChangesJoined, mutates, requestsOf } from '../support/audit-join.ts';
import { type ClusterAgent, startClusterAgent } from '../support/cluster-agent.ts';
import { controlPlane } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { cutPower, type Leftover, watchedDisk } from '../support/power-loss.ts';
import { randomOf } from '../support/random.ts';

const points = process.env.COUNTERSIGN_SOAK === '1' ? 200 : 6;
const seed = Number(process.env.COUNTERSIGN_SEED ?? 20261124);
const callers = 8;
const leftovers: readonly Leftover[] = ['nothing', 'part', 'zeros'];
const rules: JsonObject[] = [
  {
    name: 'nobody-waits',
    description: 'Everything runs at once: what is looked at is the log.',
    match: { verbs: ['get', 'list', 'create', 'patch'] },
    effect: 'allow',
  },
];

let cluster: ClusterAgent;
let folder: string;
beforeAll(async () => {
  cluster = await startClusterAgent({ rules, sharesItsUser: true });
  folder = mkdtempSync(join(tmpdir(), 'cs-power-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** So many milliseconds after so many answers. */
interface Cut {
  readonly answers: number;
  readonly later: number;
  readonly leaves: Leftover;
}

interface Machine {
  readonly name: string;
  readonly state: string;
  readonly disk: string;
  readonly lies: boolean;
}

async function machine(name: string, lies = false): Promise<Machine> {
  const state = join(folder, name);
  const disk = join(state, 'audit');
  await mkdir(disk, { recursive: true, mode: 0o700 });
  return { name, state, disk, lies };
}

/** Starts a server, lets agents work, and cuts the power in the middle. @returns bytes that were never synced */
async function live({ name, state, disk, lies }: Machine, point: number, cut: Cut): Promise<number> {
  const [journal, pidFile] = [join(folder, `${name}-${point}.synced`), join(folder, `${name}-${point}.pid`)];
  const { kubeconfigPath: kubeconfig, namespace, policyFolder } = cluster;
  const agent = await startAgent({
    cluster: { kubeconfig, context: 'countersign-test', namespace },
    config: { policy: { folder: String(policyFolder) } },
    state,
    env: watchedDisk(disk, journal, pidFile, lies),
  });
  const { answered, enough } = countdown(cut.answers);
  const names = Array.from({ length: callers }, (_, caller) => `${name}-${point}-${caller}`);
  const work = Promise.all(names.map((each) => busy(agent, each, answered)));
  await enough;
  await new Promise((resolve) => setTimeout(resolve, cut.later));
  process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  expect((await work).flat()).toEqual([]);
  await agent.leave();
  return cutPower(journal, cut.leaves);
}

function countdown(from: number): { readonly answered: () => void; readonly enough: Promise<void> } {
  let left = from;
  let reached = (): void => undefined;
  const enough = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const answered = (): void => {
    left -= 1;
    if (left === 0) reached();
  };
  return { answered, enough };
}

/** Changes one object again and again until the server is gone. Returns the answers that it had not hoped for. */
async function busy(
  agent: Awaited<ReturnType<typeof startAgent>>,
  name: string,
  answered: () => void,
): Promise<readonly string[]> {
  const others: string[] = [];
  for (let n = 0; ; n++) {
    const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { count: "${n}" }\n`;
    const answer = await agent.call('apply', { manifest, reason: 'work' }).catch(() => undefined);
    if (answer === undefined) return others;
    answered();
    if (answer.structured.status !== 'executed') others.push(answer.text);
  }
}

/** Changes that reached the API server and that our log has no Authorized line of. */
async function unknownTo(
  disk: string,
  names: string,
): Promise<{ readonly seen: number; readonly unknown: readonly string[] }> {
  const mark = `mark-${names}`;
  await cluster.kube.create(cluster.path('configmaps'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: mark },
  });
  const { auditLogPath = '' } = controlPlane();
  await waitUntil(
    'the API server wrote its log',
    async () => readFileSync(auditLogPath).includes(`"name":"${mark}"`) || undefined,
  );
  const changes = (await requestsOf(cluster.username, auditLogPath)).filter(
    (line) => mutates(line) && line.objectRef?.name?.startsWith(`${names}-`),
  );
  const ours = await ourRequests(disk);
  const authorized = new Set<unknown>();
  for await (const { invocation } of query(disk, { keys: { type: 'Authorized' } })) authorized.add(invocation);
  const unknown = changes.filter(({ auditID }) => !authorized.has(ours.get(auditID)?.invocation));
  return { seen: changes.length, unknown: unknown.map(({ auditID, objectRef }) => `${objectRef?.name} ${auditID}`) };
}

/**
 * Both logs beside each other, for the objects of these names: requests of calls, reads and dry runs too, since the intent of each
 * is on disk before it is sent. What only ours has was about to be sent.
 */
async function joined(disk: string, names: string) {
  const user = cluster.username;
  const { matched, onlyTheirs, different } = await joinLogs(disk, [controlPlane().auditLogPath ?? ''], {
    users: [user],
  });
  const own = onlyTheirs.filter(
    (request) => request.user === user && request.requestURI.includes(`/configmaps/${names}-`),
  );
  return { matched, onlyTheirs: own.map(({ verb, requestURI }) => `${verb} ${requestURI}`), different };
}

describe('a server that loses its power under load', () => {
  it(`has the intent of every change that reached the API server (${points} points, seed ${seed})`, {
    timeout: 60_000 + points * 20_000,
  }, async () => {
    const random = randomOf(seed);
    const honest = await machine('honest');
    const { disk } = honest;
    let lost = 0;
    for (let point = 0; point < points; point++) {
      const leaves = leftovers[point % leftovers.length] ?? 'nothing';
      lost += await live(honest, point, {
        answers: 1 + Math.floor(random() * 24),
        later: Math.floor(random() * 60),
        leaves,
      });
      // Each life is found whole by the next one, which names what is torn.
      expect(
        (await verify(disk)).faults.filter(({ kind }) => kind !== 'torn'),
        `point ${point}`,
      ).toEqual([]);
    }
    const { seen, unknown } = await unknownTo(disk, 'honest');
    expect(unknown).toEqual([]);
    expect(seen, 'changes').toBeGreaterThan(points);
    expect(lost, 'bytes that were never synced').toBeGreaterThan(0);
    await expectChangesJoined(disk, cluster.username);
    expect(await joined(disk, 'honest')).toEqual({
      matched: expect.toSatisfy((n) => n > seen),
      onlyTheirs: [],
      different: [],
    });
  });

  it('is seen to have lost them where the disk lies about its syncs: the check can fail', async () => {
    const lying = await machine('lying', true);
    await live(lying, 0, { answers: 8, later: 0, leaves: 'nothing' });
    const { seen, unknown } = await unknownTo(lying.disk, 'lying');
    expect(seen).toBeGreaterThan(0);
    expect(unknown).toHaveLength(seen);
    await expect(expectChangesJoined(lying.disk, cluster.username)).rejects.toThrow('do not agree');
    expect((await joined(lying.disk, 'lying')).onlyTheirs.length).toBeGreaterThan(seen);
  });
});
