import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { JsonObject } from '../../src/domain/json.ts';
import { type ClusterAgent, startClusterAgent, startPod } from '../support/cluster-agent.ts';
import { needs } from '../support/control-plane/namespace.ts';
import { encodings, helmRelease, standsIn } from './encodings.ts';

/** One for each place; told apart, so that what leaks says where from. */
const canaries = {
  data: 'Kx7-data-Qm4Zt9-wLp2',
  basic: 'Kx7-basic-Vn3Rb6-yHs8',
  registry: 'Kx7-registry-Td5Gc1-uJf7',
  helm: 'Kx7-helm-Wq8Xe2-aBk3',
  inline: 'Kx7-inline-Zy6Dm9-oNc5',
  argument: 'Kx7-argument-Sr4Lh7-iPv1',
  header: 'Kx7-header-Uf2Ka8-eGt6',
  annotation: 'Kx7-annotation-Bw9Ji3-xEz4',
} as const;
const values = Object.values(canaries);
const reason = 'to see that nothing leaks';

/** Programs run without asking, so that every encoding is one call; a changed ConfigMap waits, so that there is a card. */
const rules = [
  { name: 'all-flows', description: 'Everything flows in this test.', match: {}, effect: 'allow' },
  {
    name: 'maps-wait',
    description: 'A changed ConfigMap waits for somebody.',
    match: { verbs: ['patch'], resources: ['configmaps'] },
    effect: 'review',
  },
];

let agent: ClusterAgent;
let [looked, leaks] = [0, 0];
const told: string[] = [];

/** Looks for every canary in what was shown. */
function look(where: string, shown: unknown): void {
  const text = typeof shown === 'string' ? shown : JSON.stringify(shown);
  for (const value of values) {
    looked++;
    if (!standsIn(text, value)) continue;
    leaks++;
    told.push(`${value} in ${where}`);
  }
}

beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  agent = await startClusterAgent({ rules });
  const { kube } = agent;
  const create = (resource: string, object: JsonObject) => kube.create(agent.path(resource), object);
  const secret = (name: string, type: string, stringData: Record<string, string>, annotations = {}) =>
    create('secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name, annotations }, type, stringData });
  const copy = JSON.stringify({ kind: 'Secret', metadata: { name: 'db' }, stringData: { password: canaries.data } });
  await secret(
    'db',
    'Opaque',
    { password: canaries.data },
    { 'kubectl.kubernetes.io/last-applied-configuration': copy },
  );
  await secret('login', 'kubernetes.io/basic-auth', { username: 'robot', password: canaries.basic });
  const auths = { 'registry.example': { auth: Buffer.from(`robot:${canaries.registry}`).toString('base64') } };
  await secret('pull', 'kubernetes.io/dockerconfigjson', { '.dockerconfigjson': JSON.stringify({ auths }) });
  await secret('sh.helm.release.v1.web.v1', 'helm.sh/release.v1', {
    release: helmRelease({ name: 'web', config: { auth: { password: canaries.helm } } }),
  });
  await create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'copies' }, data: copies() });
  await startPod(agent, podWithAll());
  await create('events', {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'told' },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: agent.namespace },
    reason: 'Failed',
    message: `cannot log in as robot with ${canaries.data}`,
    type: 'Warning',
  });
});

afterAll(() => {
  // The line by which a run is judged.
  console.info(`canaries ${looked}, leaks ${leaks}`);
});

/** What Secrets hold, copied by somebody, in every encoding. */
const copies = (): JsonObject =>
  Object.fromEntries(
    Object.values(encodings).flatMap((encode, index) =>
      [canaries.data, canaries.basic, canaries.registry].map((value, each) => [
        `copy-${index}-${each}`,
        `it is ${encode(value)} here`,
      ]),
    ),
  );

const podWithAll = () => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    annotations: { 'example.com/api-token': canaries.annotation, note: `see ${canaries.data}` },
  },
  spec: {
    containers: [
      {
        name: 'main',
        image: 'registry.example/main:1',
        args: [`--password=${canaries.argument}`, '--listen', ':80'],
        env: [
          { name: 'DB_PASSWORD', value: canaries.inline },
          { name: 'FROM', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
        ],
        livenessProbe: {
          httpGet: {
            path: '/',
            port: 80,
            httpHeaders: [{ name: 'Authorization', value: `Bearer ${canaries.header}` }],
          },
        },
      },
    ],
  },
});

describe('no canary is shown', () => {
  it.each([
    ['secrets', 'db'],
    ['secrets', 'login'],
    ['secrets', 'pull'],
    ['secrets', 'sh.helm.release.v1.web.v1'],
    ['configmaps', 'copies'],
    ['pods', 'web'],
    ['events', 'told'],
  ])('by get %s %s, in any form', async (resource, name) => {
    for (const output of ['json', 'yaml', 'table', 'wide', 'describe']) {
      const answer = await agent.call('get', { resource, name, output });
      expect(answer.structured.status).toBe('ok');
      look(`get ${resource} ${name} ${output}`, answer);
    }
    look(`get ${resource} fields`, await agent.call('get', { resource, name, fields: ['data', 'spec', 'message'] }));
  });

  it.each(['secrets', 'configmaps', 'pods', 'events'])('by lists of %s', async (resource) => {
    for (const output of ['json', 'yaml', 'table', 'wide', 'name']) {
      look(`list ${resource} ${output}`, await agent.call('get', { resource, output }));
      const selected = { fieldSelector: `metadata.namespace=${agent.namespace}`, allNamespaces: true };
      look(`list all ${resource} ${output}`, await agent.call('get', { resource, output, ...selected }));
    }
  });

  it.each(Object.entries(encodings))('by what a program writes: %s', async (name, encode) => {
    for (const value of [canaries.data, canaries.basic, canaries.registry]) {
      const text = encode(value);
      const ran = await agent.call('exec', { pod: 'web', command: ['echo', text], reason });
      expect(ran.structured.status).toBe('executed');
      // What the caller itself sent is its own: only what the program wrote is looked at.
      look(`exec ${name}`, String(ran.structured.stdout));
    }
  });

  it('by diffs, dry-runs and errors about objects that hold one', async () => {
    const map = (data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'copies' }, data });
    const calls: readonly [string, JsonObject][] = [
      [
        'apply',
        { manifest: stringify(map({ 'copy-0-0': 'something else' })), forceConflicts: true, dryRun: true, reason },
      ],
      ['apply', { manifest: stringify(map({ 'copy-0-0': 'something else' })), dryRun: true, reason }],
      [
        'apply',
        {
          manifest: stringify({
            ...podWithAll(),
            metadata: { name: 'web' },
            spec: { containers: [{ name: 'main', image: 'other' }] },
          }),
          dryRun: true,
          reason,
        },
      ],
      [
        'apply',
        {
          manifest: stringify({
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { name: 'db' },
            data: { password: 'bm90aGluZw==' },
          }),
          dryRun: true,
          reason,
        },
      ],
      ['delete', { resource: 'configmaps', name: 'copies', dryRun: true, reason }],
      ['delete', { resource: 'secrets', name: 'db', dryRun: true, reason }],
      ['get', { resource: 'pods', name: 'wbe' }],
      ['logs', { name: 'web' }],
    ];
    for (const [tool, input] of calls)
      look(`${tool} ${JSON.stringify(input).slice(0, 80)}`, await agent.call(tool, input));
  });

  it('on what is shown to approvers, and on the answer when they approved', async () => {
    const manifest = stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'copies' },
      data: { 'copy-0-0': 'new' },
    });
    const { approval, answer } = await agent.hold('apply', { manifest, forceConflicts: true, reason });
    look('the approval', approval);
    await agent.vote(approval.id, 'ana@example.com', 'approve', 'fine');
    look('the answer', await answer);
  });

  it('in the audit log, the approvals and the recordings on disk', async () => {
    const files = (await readdir(agent.state, { recursive: true, withFileTypes: true })).filter((each) =>
      each.isFile(),
    );
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) look(`the file ${file.name}`, await readFile(join(file.parentPath, file.name), 'latin1'));
  });

  it('at all', () => {
    expect(told).toEqual([]);
    expect(looked).toBeGreaterThan(1_000);
  });
});
