import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { approvalConfigSchema } from '../../src/approval/config.ts';
import { type ApprovalDeps, createApprovals } from '../../src/approval/service.ts';
import { createTerminalChannel } from '../../src/approval/terminal/channel.ts';
import { openAuditLog } from '../../src/audit/log.ts';
import { createAuditReader } from '../../src/audit/reader.ts';
import { type VerifyReport, verify } from '../../src/audit/verify/verify.ts';
import { openCluster } from '../../src/cluster/open.ts';
import type { Approval, Approvals, Vote } from '../../src/domain/approval.ts';
import type { AuditEvent, AuditLog, AuditReader } from '../../src/domain/audit-event.ts';
import { auditIds } from '../../src/domain/audit-id.ts';
import type { Cluster } from '../../src/domain/cluster.ts';
import { CountersignError } from '../../src/domain/errors.ts';
import { createGrantMint } from '../../src/domain/grant-mint.ts';
import type { Invocation, Invoke } from '../../src/domain/invocation.ts';
import type { Json, JsonObject } from '../../src/domain/json.ts';
import { open } from '../../src/domain/masked.ts';
import type { Principal } from '../../src/domain/principal.ts';
import type { AnyTool } from '../../src/domain/tool.ts';
import { createInvoke } from '../../src/gate/invoke.ts';
import { defaultLimits, type GatePorts } from '../../src/gate/ports.ts';
import { createMasker } from '../../src/masking/masker.ts';
import { openPolicy, type PolicySource } from '../../src/policy/source.ts';
import { createRecorder } from '../../src/recording/recorder.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { createOpenRuns } from '../../src/state/open-runs.ts';
import { openState } from '../../src/state/state.ts';
import { tools as shipped } from '../../tools/index.ts';
import { agent, people, person, realRandom, silent, type TestClock, testClock } from './approvals.ts';
import { checkAuditLines } from './audit-lines.ts';

/** Reads flow; what changes objects waits for one of sre; nothing in kube-public is touched. */
export const rules = `
rules:
  - { name: reads-flow, description: Objects may be read., match: { verbs: [get, list] }, effect: allow }
  - name: changes-wait
    description: Every change waits.
    match: { verbs: [create, patch, delete] }
    effect: review
    require: { slots: [{ group: sre }], decideWithin: 15m, useWithin: 15m }
  - { name: not-public, description: Nothing in kube-public is touched., match: { namespaces: [kube-public] }, effect: deny }
`;

interface Answer {
  readonly status: string;
  readonly message: string;
  readonly next: string;
  readonly data: JsonObject;
  readonly text: string;
}

/** The gate with all of its real parts, in this process, on the sandbox; what a test needs to break stands beside it. */
export interface GateRig {
  /** Of everything on disk. */
  readonly root: string;
  readonly clock: TestClock;
  readonly approvals: Approvals;
  readonly sandbox: Sandbox;
  readonly cluster: Cluster;
  readonly ports: GatePorts;
  readonly auditReader: AuditReader;
  /** As the state directory knows this process. */
  readonly process: string;
  readonly invoke: Invoke;
  /** Everything that the audit log took, in order. */
  readonly events: readonly AuditEvent[];
  /** Requests that reached the sandbox and would change something. */
  readonly writes: () => readonly string[];
  call(tool: string, input: Json, over?: Partial<Invocation>): Promise<Answer>;
  /** Calls, and gives the approval that it is held by. */
  hold(tool: string, input: Json, over?: Partial<Invocation>): Promise<{ approval: Approval; answer: Promise<Answer> }>;
  vote(id: string, decision?: Vote['decision'], by?: string): Promise<Approval>;
  policy(text: string): Promise<void>;
  /** While `when` is true the log cannot be written. */
  breakAudit(when: (event: AuditEvent) => boolean): void;
  /** Behind the gate's back, as the sandbox's administrator. */
  kube(method: string, path: string, body?: Json): Promise<{ readonly status: number; readonly body: JsonObject }>;
  types(invocation?: string): readonly string[];
  verify(): Promise<VerifyReport>;
  close(): Promise<void>;
}

export interface GateOptions {
  readonly limits?: Partial<GatePorts['limits']>;
  readonly rules?: string;
  readonly tools?: readonly AnyTool[];
  readonly principal?: Principal;
  /** Another cluster than the sandbox; `kube` speaks to the sandbox only. */
  readonly cluster?: Parameters<typeof openCluster>[0]['config'];
  /** Around the real cluster, to write or to fail at a moment that a test needs. */
  readonly around?: (cluster: Cluster) => Cluster;
}

export async function createGateRig(options: GateOptions = {}): Promise<GateRig> {
  const root = await mkdtemp(join(tmpdir(), 'cs-gate-'));
  const bundle = join(root, 'policy');
  const clock = testClock();
  const state = await openState({ root: join(root, 'state'), clock, random: realRandom, log: silent });
  const policy = await policyIn(bundle, options.rules ?? rules);
  const log = await openAuditLog({ folder: join(root, 'audit'), clock, random: realRandom, log: silent });
  const { audit, events, breakAudit } = breakable(log);
  const sandbox = await startSandbox();
  const { mint, redeem } = createGrantMint();
  const opened = openCluster({
    name: 'sandbox',
    config: options.cluster ?? { sandbox: { url: sandbox.url, token: sandbox.token }, namespace: 'shop' },
    redeem,
    clock,
  });
  const { cluster, writes } = watched(opened);
  const used = options.around?.(cluster) ?? cluster;
  const masker = createMasker({
    secretReader: () =>
      opened.secretReader({
        invocation: 'masker',
        agent: 'masker',
        nextAuditId: async () => '',
        signal: new AbortController().signal,
      }),
    log: silent,
  });
  const channel = createTerminalChannel({ local: 'sudo', people, osUser: 'countersign' });
  const auditReader = createAuditReader({ folder: join(root, 'audit'), log: silent });
  const limits = approvalConfigSchema.parse({});
  const deps: ApprovalDeps = {
    ...{ state, clock, random: realRandom, audit, auditReader, people, masker, limits, log: silent },
    channels: [channel],
  };
  const approvals = createApprovals(deps);
  const ports: GatePorts = {
    tools: options.tools ?? shipped,
    clusters: { get: async () => used },
    policy: policy.current,
    ...{ approvals, audit, masker, clock, mint, log: silent },
    recorder: createRecorder({ folder: join(root, 'recordings'), clock, random: realRandom }),
    keyed: state.keyed,
    runs: createOpenRuns(state, clock),
    auditIds: (invocation) => auditIds(log.auditIdSeed, invocation),
    random: realRandom,
    limits: { ...defaultLimits, callsPerSecond: 10_000, ...options.limits },
    askedIn: channel.place,
  };
  const invoke = createInvoke(ports);
  const call: GateRig['call'] = async (tool, input, over = {}) => {
    const outcome = await invoke(invocationOf(tool, input, options.principal ?? agent, over));
    return {
      status: outcome.status,
      message: open(outcome.message),
      next: outcome.next === undefined ? '' : open(outcome.next),
      data: open(outcome.data),
      text: outcome.text === undefined ? '' : open(outcome.text),
    };
  };
  return {
    ...{ auditReader, process: state.process },
    ...{ clock, approvals, sandbox, cluster: used, ports, invoke, events, writes, call, breakAudit },
    hold: async (tool, input, over) => {
      const before = new Set((await approvals.list({})).map(({ id }) => id));
      const answer = call(tool, input, over);
      const approval = await Promise.race([heldBy(approvals, before), answer]);
      if ('votes' in approval) return { approval, answer };
      throw new Error(`${tool} was not held: ${approval.status} ${approval.message}`);
    },
    vote: (id, decision = 'approve', by = 'ana') =>
      approvals.vote(id, { person: person(by), decision, comment: undefined, channel: 'terminal' }),
    policy: async (text) => {
      await writeFile(join(bundle, 'rules.yaml'), text);
      await policy.reload();
    },
    kube: (method, path, body) => behindTheBack(sandbox, method, path, body),
    types: (invocation) =>
      events.filter((event) => invocation === undefined || event.invocation === invocation).map(({ type }) => type),
    root,
    verify: () => verify(join(root, 'audit')),
    close: async () => {
      policy.close();
      await opened.close();
      await sandbox.stop();
      await log.close();
      await state.close();
      // What informs only (who waits, what was seen) may still be written.
      checkAuditLines(join(root, 'audit'));
      await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    },
  };
}

const invocationOf = (tool: string, input: Json, principal: Principal, over: Partial<Invocation>): Invocation => ({
  tool,
  input,
  inputBytes: Buffer.byteLength(JSON.stringify(input)),
  principal,
  client: { name: 'test', version: '1' },
  signal: new AbortController().signal,
  progress: undefined,
  waitBudget: 600_000,
  ...over,
});

async function policyIn(folder: string, text: string): Promise<PolicySource> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'rules.yaml'), text);
  return openPolicy({ folder, log: silent });
}

function breakable(log: AuditLog): {
  audit: AuditLog;
  events: AuditEvent[];
  breakAudit: (when: (event: AuditEvent) => boolean) => void;
} {
  const events: AuditEvent[] = [];
  let broken: (event: AuditEvent) => boolean = () => false;
  const audit: AuditLog = {
    append: async (event, ...how) => {
      if (broken(event)) throw new CountersignError('AuditUnavailable', 'the audit log cannot be written');
      await log.append(event, ...how);
      events.push(event);
    },
    note: (event) => {
      log.note(event);
      events.push(event);
    },
    attach: (text) => log.attach(text),
    get healthy() {
      return log.healthy;
    },
    close: () => log.close(),
  };
  return {
    audit,
    events,
    breakAudit: (when) => {
      broken = when;
    },
  };
}

/** Notes what the execution handle is asked to send that would change something. */
function watched(cluster: Cluster): { cluster: Cluster; writes: () => readonly string[] } {
  const sent: string[] = [];
  return {
    writes: () => sent,
    cluster: {
      ...cluster,
      execution: (grant, context) => {
        const handle = cluster.execution(grant, context);
        return {
          send: async (request) => {
            const answer = await handle.send(request);
            if (request.action !== 'get' && request.action !== 'list')
              sent.push(`${request.action} ${request.object.name}`);
            return answer;
          },
          logs: (request, onChunk) => handle.logs(request, onChunk),
          exec: (request, onFrame) => {
            sent.push(`exec ${request.object.name}`);
            return handle.exec(request, onFrame);
          },
        };
      },
    },
  };
}

async function heldBy(approvals: Approvals, before: ReadonlySet<string>): Promise<Approval> {
  for (;;) {
    const found = (await approvals.list({ open: true })).find(({ id, awaited }) => awaited && !before.has(id));
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function behindTheBack(
  { url, token }: Sandbox,
  method: string,
  path: string,
  body?: Json,
): Promise<{ status: number; body: JsonObject }> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as JsonObject };
}

/** A ConfigMap as an agent sends it. */
export const configMap = (name: string, value = '1', namespace = 'shop'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: ${namespace} }\ndata: { key: "${value}" }\n`;
