import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verify } from '../../src/audit/verify/verify.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import type { ToolResult } from '../../src/transport/client.ts';
import { type AgentRig, startAgent } from './agent.ts';
import { atEnd } from './at-end.ts';
import { expectChangesJoined } from './audit-join.ts';
import { ownUser } from './cluster-agent.ts';
import { readAudit } from './control-plane/kube.ts';
import { kubeconfig } from './control-plane/kubeconfig.ts';
import { controlPlane, testKube, testNamespace } from './control-plane/namespace.ts';
import { waitUntil } from './control-plane/wait-until.ts';
import { type StallingProxy, startStallingProxy } from './stalling-proxy.ts';

const preload = join(import.meta.dirname, 'kill-at.cjs');

/** One life of a server and then another on the same state, for one ConfigMap that an agent wants to have. */
export interface Life {
  readonly name: string;
  /** Starts a server; `killAt` as `kill-at.cjs` has it. */
  start(killAt?: string): Promise<Alive>;
  /** Whether the ConfigMap is there. */
  exists(): Promise<boolean>;
  /** How often the API server saw the change, or that of another ConfigMap, by its own log: not the dry-runs. */
  arrived(name?: string): Promise<number>;
  verify(): ReturnType<typeof verify>;
  end(): Promise<void>;
}

interface Alive extends AgentRig {
  /** Undefined: the server died before it answered. */
  apply(): Promise<ToolResult | undefined>;
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void;
}

export interface KillRig {
  readonly proxy: StallingProxy;
  life(): Promise<Life>;
}

/** The call that is killed. */
export const applyOf = (name: string): JsonObject => ({
  manifest: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { from: agent }\n`,
  reason: 'to be killed',
});

/** Call it in beforeAll. */
export async function createKillRig(): Promise<KillRig> {
  const namespace = await testNamespace();
  const proxy = await startStallingProxy();
  const kube = await testKube();
  const folder = await mkdtemp(join(tmpdir(), 'cs-kill-'));
  const config = join(folder, 'kubeconfig');
  const { auditLogPath } = controlPlane();
  if (auditLogPath === undefined)
    throw new Error(
      'this suite reads the audit log of an API server that it started; unset COUNTERSIGN_TEST_KUBECONFIG',
    );
  const { username, token } = await ownUser(kube, namespace);
  const text = kubeconfig(proxy.url, proxy.caCert, 'countersign', { token });
  await writeFile(config, text, { mode: 0o600 });
  const logs = join(folder, 'logs');
  await mkdir(logs);
  atEnd(async () => {
    await proxy.close();
    await kube.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  atEnd(() => expectChangesJoined(logs, username));
  const path = (name: string): string => `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  let lives = 0;

  const arrivals = async (name: string): Promise<number> => {
    // What is in the log before this mark is all there was.
    const mark = `mark-${name}-${Date.now()}`;
    await kube.create(path('').replace(/\/$/, ''), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: mark } });
    const lines = await waitUntil('the API server wrote its log', async () => {
      const all = await readAudit(auditLogPath);
      return all.some(({ requestURI, objectRef }) => `${requestURI} ${objectRef?.name}`.includes(mark))
        ? all
        : undefined;
    });
    return lines.filter(
      ({ verb, objectRef, requestURI, stage }) =>
        objectRef?.namespace === namespace &&
        objectRef.name === name &&
        (verb === 'patch' || verb === 'create') &&
        !requestURI.includes('dryRun') &&
        stage === 'ResponseComplete',
    ).length;
  };

  return {
    proxy,
    life: async () => {
      lives += 1;
      const name = `killed-${lives}`;
      const state = join(folder, `state-${lives}`);
      const pidFile = join(folder, `pid-${lives}`);
      const rigs: AgentRig[] = [];
      return {
        name,
        start: async (killAt = '') => {
          const rig = await startAgent({
            cluster: { kubeconfig: config, context: 'countersign-test', namespace },
            state,
            env: {
              NODE_OPTIONS: `--require ${preload}`,
              COUNTERSIGN_TEST_KILL: killAt,
              COUNTERSIGN_TEST_PID: pidFile,
            },
          });
          rigs.push(rig);
          const pid = Number(await readFile(pidFile, 'utf8'));
          return {
            ...rig,
            apply: () => rig.call('apply', applyOf(name)).catch(() => undefined),
            signal: (signal) => void process.kill(pid, signal),
          };
        },
        exists: async () => (await kube.get(path(name))) !== undefined,
        arrived: (other = name) => arrivals(other),
        verify: () => verify(join(state, 'audit')),
        end: async () => {
          await Promise.all(rigs.map((rig) => rig.leave().catch(() => undefined)));
          await cp(join(state, 'audit'), logs, { recursive: true });
          for (const rig of rigs) await rig.close();
        },
      };
    },
  };
}
