import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { isJsonObject, type Json, type JsonObject } from '../../src/domain/json.ts';
import { type Status, statuses } from '../../src/domain/outcome.ts';
import type { ToolResult } from '../../src/transport/client.ts';
import { type ClusterAgent, startClusterAgent, startPod, uniqueName } from '../support/cluster-agent.ts';
import type { KubeObject } from '../support/control-plane/kube.ts';
import { needs } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { manifest } from '../support/manifests.ts';

const reason = 'to compare both channels';

/** As the strict bundle in what matters here, and one resource that nobody decides about in time. */
const rules: JsonObject[] = [
  {
    name: 'reads-flow',
    description: 'Objects may be read; Secrets come back masked.',
    match: { verbs: ['get', 'list'] },
    effect: 'allow',
  },
  {
    name: 'changes-wait',
    description: 'Every change waits for one person.',
    match: { verbs: ['create', 'patch', 'delete'] },
    effect: 'review',
    require: { people: 1 },
  },
  {
    name: 'services-in-a-second',
    description: 'Services are decided at once or not at all.',
    match: { verbs: ['create', 'patch'], resources: ['services'] },
    effect: 'review',
    require: { people: 1, decideWithin: '1s' },
  },
  {
    name: 'no-roles',
    description: 'Roles are never changed from here.',
    match: { verbs: ['create', 'patch', 'delete'], resources: ['roles.rbac.authorization.k8s.io'] },
    effect: 'deny',
  },
];

let agent: ClusterAgent;
let reader: ClusterAgent;
let absent: ClusterAgent;
let limited: ClusterAgent;

beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  agent = await startClusterAgent({ rules });
  reader = await startClusterAgent({ role: 'view' });
  absent = await startClusterAgent({ server: 'https://127.0.0.1:1' });
  limited = await startClusterAgent({ config: { limits: { callsPerSecond: 1 } } });
  const { kube, namespace } = agent;
  await kube.create(agent.path('deployments'), manifest('deployment', namespace));
  await kube.create(agent.path('secrets'), manifest('secret', namespace));
  await kube.create(agent.path('configmaps'), manifest('configmap', namespace));
  await startPod(agent, manifest('pod', namespace));
  const blind: KubeObject = { ...manifest('pod'), metadata: { name: 'blind' } };
  blind.spec = { ...blind.spec, imagePullSecrets: [{ name: 'nowhere' }] };
  blind.spec.containers = [{ ...blind.spec.containers[0], envFrom: [{ secretRef: { name: 'nowhere' } }] }];
  await startPod(agent, blind);
}, 120_000);

const settings = (data: Record<string, string>, name = 'settings'): string =>
  stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

type Story = readonly [what: string, status: Status, tell: () => Promise<ToolResult>];
const stories: readonly Story[] = [
  ['a table', 'ok', () => agent.call('get', { resource: 'pods' })],
  ['a page of names', 'ok', () => agent.call('get', { resource: 'pods', output: 'name', limit: 1 })],
  ['an object', 'ok', () => agent.call('get', { resource: 'deploy', name: 'web', fields: ['spec.replicas'] })],
  ['a masked Secret as yaml', 'ok', () => agent.call('get', { resource: 'secret', name: 'db', output: 'yaml' })],
  ['a masked Secret', 'ok', () => agent.call('get', { resource: 'secret', name: 'db' })],
  ['a description', 'ok', () => agent.call('get', { resource: 'pod', name: 'shell', output: 'describe' })],
  ['an empty list', 'ok', () => agent.call('get', { resource: 'jobs', namespace: 'no-such-namespace' })],
  ['no open approvals', 'ok', () => agent.call('approval', {})],
  [
    'a dry run',
    'dry_run',
    () => agent.call('apply', { manifest: settings({ mode: 'a' }), forceConflicts: true, dryRun: true, reason }),
  ],
  [
    'a dry run of a delete',
    'dry_run',
    () => agent.call('delete', { resource: 'deploy', name: 'web', dryRun: true, reason }),
  ],
  [
    'an apply',
    'executed',
    () => agent.approved('apply', { manifest: settings({ mode: 'b' }), forceConflicts: true, reason }),
  ],
  ['a scale', 'executed', () => agent.approved('scale', { resource: 'deploy', name: 'web', replicas: 3, reason })],
  ['an exec', 'executed', () => agent.approved('exec', { pod: 'shell', command: ['echo', 'hello'], reason })],
  [
    'an exec without an exit code',
    'unknown',
    () => agent.approved('exec', { pod: 'shell', command: ['false'], reason }),
  ],
  ['a held call', 'approval_pending', held],
  ['its state', 'ok', async () => agent.call('approval', { id: (await agent.held()).id, action: 'status' })],
  ['the open approvals', 'ok', () => agent.call('approval', {})],
  ['its withdrawal', 'ok', async () => agent.call('approval', { id: (await agent.held()).id, action: 'withdraw' })],
  ['a withdrawn call', 'withdrawn', withdrawn],
  ['a denial by a rule', 'denied', () => agent.call('delete', { resource: 'roles', name: 'none', reason })],
  [
    'a denial by a person',
    'denied',
    () => agent.denied('delete', { resource: 'deploy', name: 'web', reason }, 'keep it, please'),
  ],
  ['an expired one', 'expired', () => agent.call('apply', { manifest: stringify(manifest('service')), reason })],
  ['a drifted one', 'drifted', drifted],
  ['a partial one', 'partial', partial],
  ['a failed one', 'failed', failed],
  ['bad input', 'invalid', () => agent.call('get', { resource: 'pods', ns: 'shop' })],
  ['a bad manifest', 'invalid', () => agent.call('apply', { manifest: `${settings({})}dta: {}\n`, reason })],
  ['a conflict', 'conflict', () => agent.call('apply', { manifest: settings({ 'limits.yaml': 'x' }), reason })],
  [
    'another conflict',
    'conflict',
    () => agent.call('scale', { resource: 'deploy', name: 'web', replicas: 1, currentReplicas: 9, reason }),
  ],
  ['a missing object', 'not_found', () => agent.call('get', { resource: 'deploy', name: 'wbe' })],
  ['what RBAC forbids', 'forbidden', () => reader.call('get', { resource: 'secrets' })],
  [
    'what cannot be masked',
    'masking_unavailable',
    () => agent.approved('exec', { pod: 'blind', command: ['true'], reason }),
  ],
  ['a cluster that is not there', 'unavailable', () => absent.call('get', { resource: 'pods' })],
  ['too many calls', 'rate_limited', tooMany],
];

async function held(): Promise<ToolResult> {
  const { approval } = await agent.hold('delete', { resource: 'secret', name: 'db', reason });
  return agent.call('approval', { id: approval.id, timeout: 0 });
}

async function withdrawn(): Promise<ToolResult> {
  const { approval, answer } = await agent.hold('delete', { resource: 'cm', name: 'settings', reason });
  await agent.call('approval', { id: approval.id, action: 'withdraw' });
  return answer;
}

async function drifted(): Promise<ToolResult> {
  const { approval, answer } = await agent.hold('apply', { manifest: settings({ mode: 'c' }), reason });
  await agent.kube.patch(agent.path('configmaps', 'settings'), { data: { mode: 'd' } });
  await agent.vote(approval.id, 'ana@example.com', 'approve');
  return answer;
}

/** What lives in a namespace that the same call makes cannot be tried out: it fails when it is sent. */
async function partial(): Promise<ToolResult> {
  const name = uniqueName('partial');
  const space = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  const broken = { ...manifest('configmap', name), nonsense: 1 };
  const answer = await agent.approved('apply', { manifest: `${stringify(space)}---\n${stringify(broken)}`, reason });
  await agent.kube.delete(`/api/v1/namespaces/${name}`);
  return answer;
}

/** An admission policy that lets dry runs pass and refuses the write. */
async function failed(): Promise<ToolResult> {
  const { kube } = agent;
  const root = '/apis/admissionregistration.k8s.io/v1';
  const name = uniqueName('refuse-writes');
  const group = { apiVersion: 'admissionregistration.k8s.io/v1' };
  await kube.create(`${root}/validatingadmissionpolicies`, {
    ...group,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
      matchConditions: [{ name: 'mine', expression: `object.metadata.name == "${name}"` }],
      validations: [{ expression: 'has(request.dryRun) && request.dryRun == true', message: 'no writes today' }],
    },
  });
  await kube.create(`${root}/validatingadmissionpolicybindings`, {
    ...group,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  });
  const probe = { ...manifest('configmap'), metadata: { name } };
  await waitUntil('the policy is in force', async () => {
    const { status } = await kube.send('POST', agent.path('configmaps'), probe);
    if (status === 201) await kube.delete(agent.path('configmaps', name));
    return status === 422 || status === 403;
  });
  const answer = await agent.approved('apply', { manifest: stringify(probe), reason });
  await kube.delete(`${root}/validatingadmissionpolicybindings/${name}`);
  await kube.delete(`${root}/validatingadmissionpolicies/${name}`);
  return answer;
}

async function tooMany(): Promise<ToolResult> {
  const answers = await Promise.all(Array.from({ length: 20 }, () => limited.call('get', { resource: 'pods' })));
  const refused = answers.find(({ structured }) => structured.status === 'rate_limited');
  return refused ?? answers[0] ?? expect.unreachable();
}

/** What is left of a fact whichever way it is written: no white space, quotes or capitals, `Kind/ns/name` as `Kind ns/name`. */
const bare = (text: string): string => text.replace(/[\s"'\\/]/g, '').toLowerCase();

/** Words of closed sets, and how the text says them. */
const words: Readonly<Record<string, string>> = {
  pending: 'waiting for a person',
  review: 'A person would be asked',
  planned: 'Dry run',
  configure: 'is changed',
  create: 'is created',
  delete: 'is deleted',
  scale: 'is scaled',
};

/** Whether the text says what stands at this path of the structured answer. */
function said(text: string, [path, leaf]: readonly [path: string, text: string]): boolean {
  // One of each status's codes, for programs: the first line says it in words.
  if (path === '.code') return true;
  // The text shows the masked leaf itself, at its place.
  if (path.startsWith('.masked[')) return text.includes(leaf.split('.').at(-1) ?? leaf);
  const time = /^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)\.\d+Z$/.exec(leaf)?.[1];
  const forms = [leaf, ...(words[leaf] === undefined ? [] : [words[leaf]]), ...(time === undefined ? [] : [time])];
  return forms.some((form) => bare(text).includes(bare(form)));
}

/** Every string and number of the structured answer with its path; white lines of multi-line texts fall apart into lines. */
function* leaves(value: Json, path = ''): Generator<readonly [path: string, text: string]> {
  if (Array.isArray(value)) for (const [index, each] of value.entries()) yield* leaves(each, `${path}[${index}]`);
  else if (isJsonObject(value)) for (const [key, each] of Object.entries(value)) yield* leaves(each, `${path}.${key}`);
  else if (typeof value === 'string') for (const line of value.split('\n')) yield [path, line.trim()];
  else if (typeof value === 'number') yield [path, String(value)];
}

/** Words of the text that carry facts: names, ids, numbers, paths, addresses. */
const facts = (text: string): readonly string[] =>
  text
    .split(/[\s"'`]+/)
    .map((word) => word.replace(/^[[({]+|[\])},.;:]+$/g, ''))
    .filter((word) => /\d/.test(word) || /[a-z][/@.][a-z]/i.test(word));

/** How each status is said in words. */
const spoken: Partial<Record<Status, RegExp>> = {
  executed: /^(Applied|Deleted|Scaled|Ran)/,
  dry_run: /^Dry run/,
  approval_pending: /^Not executed: waiting for a person/,
  partial: /^Applied \d+ of \d+/,
  failed: /failed/,
  unknown: /unknown/,
  denied: /^Denied by/,
  expired: /^Expired: nobody decided in time/,
  withdrawn: /^Withdrawn/,
  drifted: /drifted/,
  conflict: /Conflict|has \d+ replicas|changed/,
  not_found: /^Not found/,
  rate_limited: /too many|rate|calls/i,
};

describe('text and structured content each carry everything', () => {
  const seen = new Set<string>();

  it.each(stories)('%s (%s)', async (_, status, tell) => {
    const { text, structured } = await tell();
    expect(structured.status, text).toBe(status);
    seen.add(status);
    expect(text.startsWith(String(structured.message)), text).toBe(true);
    if (spoken[status] !== undefined) expect(String(structured.message)).toMatch(spoken[status]);
    if (structured.next !== undefined) expect(text).toContain(`\nNext: ${structured.next}`);
    else expect(text).not.toContain('\nNext: ');
    const { status: __, ...data } = structured;
    const unsaid = [...leaves(data)].filter((leaf) => !said(text, leaf));
    expect(unsaid, text).toEqual([]);
    const json = JSON.stringify(structured);
    const known = bare(json + json.replace(/(:\d\d)\.\d{3}Z/g, '$1Z'));
    expect(
      facts(text).filter((word) => !known.includes(bare(word))),
      `${text}\n${JSON.stringify(structured)}`,
    ).toEqual([]);
    const cluster = structured.cluster ?? 'none';
    if (cluster !== 'none') expect(text.split('\n')[0]).toContain(String(cluster));
  });

  it('in every status that a call over stdio can have', () => {
    // Without tokens nobody is unauthorized.
    expect(statuses.filter((status) => !seen.has(status))).toEqual(['unauthorized']);
  });
});
