import { rm, writeFile } from 'node:fs/promises';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { JsonObject } from '../../src/domain/json.ts';
import type { ToolResult } from '../../src/transport/client.ts';
import { type AgentRig, startAgent } from '../support/agent.ts';
import { atEnd } from '../support/at-end.ts';
import { mutates, requestsOf } from '../support/audit-join.ts';
import { type ClusterAgent, startClusterAgent, uniqueName } from '../support/cluster-agent.ts';
import { makeCertificates } from '../support/control-plane/certificates.ts';
import type { KubeObject } from '../support/control-plane/kube.ts';
import { kubeconfig } from '../support/control-plane/kubeconfig.ts';
import { controlPlane } from '../support/control-plane/namespace.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';
import { manifest } from '../support/manifests.ts';

const reason = 'malformed on purpose';
let agent: ClusterAgent;
beforeAll(async () => {
  agent = await startClusterAgent();
});

const settings = (more: KubeObject = {}): KubeObject => ({ ...manifest('configmap'), ...more });
const apply = (text: string): Promise<ToolResult> => agent.call('apply', { manifest: text, reason });

/** A refusal as WORDS has it: the status, what happened in both channels, a next step in both, and its line in the log. */
async function isClear(
  rig: AgentRig,
  answer: ToolResult,
  status: string,
  ...words: (string | RegExp)[]
): Promise<void> {
  expect(answer.structured.status, answer.text).toBe(status);
  expect(answer.isError).toBe(true);
  for (const word of words) {
    expect(answer.text).toMatch(word);
    expect(String(answer.structured.message) + String(answer.structured.next)).toMatch(word);
  }
  expect(String(answer.structured.next).length, answer.text).toBeGreaterThan(10);
  expect(answer.text).toContain(`\nNext: ${answer.structured.next}`);
  expect(answer.text).toContain(`Audit ${answer.structured.audit}.`);
  const line = await waitUntil('its line is in the log', async () =>
    (await rig.audit()).find(
      ({ type, invocation }) => ['Refused', 'Failed'].includes(String(type)) && invocation === answer.structured.audit,
    ),
  );
  expect(line).toMatchObject({ code: expect.any(String), principal: expect.any(String) });
}

describe('manifests', () => {
  it.each<[string, string, (string | RegExp)[]]>([
    ['malformed YAML', 'kind: ConfigMap\n  name: [', [/line \d+/]],
    [
      'a duplicate key',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: "1", a: "2"}\n',
      [/line 4/, '"?a"?'],
    ],
    ['a tag that is code elsewhere', 'kind: !!js/function a\n', [/line 1/]],
    ['an empty manifest', '---\n---\n', ['no object']],
    ['no kind', 'apiVersion: v1\nmetadata: {name: a}\n', ['kind']],
    ['no name', 'apiVersion: v1\nkind: ConfigMap\n', ['name']],
    ['an unknown kind', 'apiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: a}\n', ['Deploymnet', 'Deployment']],
    ['generateName', stringify(settings({ metadata: { generateName: 'a-' } })), ['generateName', 'metadata.name']],
    ['an unknown field', stringify(settings({ dta: { a: '1' } })), ['dta']],
    ['a value of the wrong type', stringify(settings({ data: { a: 1 } })), ['data.a']],
    [
      'a name that is a path',
      stringify(settings({ metadata: { name: '../secrets/db?x=' } })),
      ['is not a Kubernetes name'],
    ],
    [
      'a namespace that is a path',
      stringify(settings({ metadata: { name: 'a', namespace: '../kube-system' } })),
      ['namespace'],
    ],
    [
      'a placeholder',
      stringify(settings({ data: { a: '[masked Secret db/password]' } })),
      ['placeholder', /data\.a|manifest/],
    ],
    [
      'a placeholder in a string',
      stringify(settings({ data: { a: 'x=[masked Secret db/password];' } })),
      ['placeholder'],
    ],
    [
      'a placeholder in base64',
      stringify({
        ...manifest('secret'),
        stringData: undefined,
        data: { a: Buffer.from('[masked Secret db/password]').toString('base64') },
      }),
      ['placeholder'],
    ],
  ])('%s', async (_, text, words) => {
    await isClear(
      agent,
      await apply(text),
      'invalid',
      ...words.map((word) => (typeof word === 'string' ? new RegExp(word) : word)),
    );
  });

  it('of 5 MB', async () => {
    const big = stringify(settings({ data: { a: 'x'.repeat(5_000_000) } }));
    await isClear(agent, await apply(big), 'invalid', /bytes/, /[Ss]plit/);
  });

  it('in a namespace that does not exist', async () => {
    const answer = await apply(stringify(settings({ metadata: { name: 'a', namespace: 'no-such-namespace' } })));
    await isClear(agent, answer, 'not_found', /namespace/, /no-such-namespace/);
  });

  it('as a ConfigMapList are flattened, and it is said what was planned', async () => {
    const list = {
      apiVersion: 'v1',
      kind: 'ConfigMapList',
      items: [settings({ metadata: { name: 'one' } }), settings({ metadata: { name: 'two' } })],
    };
    const answer = await agent.call('apply', { manifest: stringify(list), dryRun: true, reason });
    expect(answer.structured.status, answer.text).toBe('dry_run');
    expect(answer.text).toContain(`ConfigMap ${agent.namespace}/one is created`);
    expect(answer.text).toContain(`ConfigMap ${agent.namespace}/two is created`);
  });

  it('with what the server manages are cleaned of it, and it is said', async () => {
    const pasted = settings({ metadata: { name: 'pasted', uid: 'x', resourceVersion: '7', managedFields: [] } });
    const answer = await agent.call('apply', { manifest: stringify(pasted), dryRun: true, reason });
    expect(answer.structured.status, answer.text).toBe('dry_run');
    expect(answer.text).toMatch(/Note: .*resourceVersion/);
    expect(JSON.stringify(answer.structured.notes)).toContain('resourceVersion');
  });
});

describe('calls', () => {
  it.each<[string, string, JsonObject, RegExp[]]>([
    [
      'an unknown field',
      'get',
      { resource: 'pods', ns: 'shop' },
      [/"ns"; did you mean "namespace"/, /get takes: resource/],
    ],
    [
      'a field of another tool',
      'delete',
      { resource: 'pods', name: 'a', reason, force: true },
      [/"force"/, /delete takes: resource/],
    ],
    ['a missing reason', 'delete', { resource: 'pods', name: 'a' }, [/"reason" is required/]],
    ['a number out of its range', 'scale', { resource: 'deploy', name: 'a', replicas: -1, reason }, [/replicas/]],
    ['an unknown kind', 'get', { resource: 'deployement' }, [/Unknown kind "deployement"/, /deployments/]],
    [
      'a name that is a path',
      'get',
      { resource: 'configmaps', name: '../secrets/db?x=' },
      [/is not a Kubernetes name/],
    ],
    [
      'the same for delete',
      'delete',
      { resource: 'configmaps', name: '../secrets/db?x=', reason },
      [/is not a Kubernetes name/],
    ],
    [
      'the same for scale',
      'scale',
      { resource: 'deploy', name: 'a/../b', replicas: 1, reason },
      [/is not a Kubernetes name/],
    ],
    ['the same for exec', 'exec', { pod: 'a/exec?x', command: ['ls'], reason }, [/is not a Kubernetes name/]],
    ['a namespace that is a path', 'get', { resource: 'pods', namespace: '../..' }, [/is not a namespace name/]],
    ['a resource that is a path', 'get', { resource: '../secrets' }, [/resource|kind/i]],
    ['a subresource that is no object', 'get', { resource: 'pods/exec', name: 'a' }, [/pods\/exec/]],
    ['a command that is no list', 'exec', { pod: 'a', command: 'ls -l', reason }, [/command/]],
    ['an empty command', 'exec', { pod: 'a', command: [], reason }, [/command/]],
    [
      'name and selector',
      'delete',
      { resource: 'pods', name: 'a', selector: 'a=b', reason },
      [/either name or selector/],
    ],
    ['a bad selector', 'get', { resource: 'pods', selector: 'a==b==c' }, [/selector|read/]],
    ['a cursor that nobody gave', 'get', { resource: 'pods', continue: 'pg-nothing' }, [/Cursor "pg-nothing"/]],
    ['an unknown tool', 'kubectl', { command: 'get pods' }, [/no tool "kubectl"/, /get, logs, apply/]],
  ])('%s', async (_, tool, input, words) => {
    await isClear(agent, await agent.call(tool, input), 'invalid', ...words);
  });

  it('an approval that is not there', async () => {
    await isClear(agent, await agent.call('approval', { id: 'cs-000000' }), 'not_found', /cs-000000/);
  });

  it('what has one canonical form is taken', async () => {
    const answer = await agent.call('get', { resource: 'pods', limit: '3', allNamespaces: 'false' });
    expect(answer.structured.status, answer.text).toBe('ok');
  });
});

describe('kinds that share a name', () => {
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const made: string[] = [];
  const define = async (group: string, kind: string, plural: string, shortNames: string[]): Promise<void> => {
    const base = manifest('widget-crd');
    const names = { plural, singular: kind.toLowerCase(), kind, shortNames };
    const name = `${plural}.${group}`;
    await agent.kube.create(definitions, { ...base, metadata: { name }, spec: { ...base.spec, group, names } });
    made.push(name);
    await waitUntil(
      `${name} is served`,
      async () => (await agent.kube.send('GET', `/apis/${group}/v1/${plural}`)).status === 200,
    );
  };
  const shadow = `${uniqueName('shadow')}.countersign.dev`;
  const [left, right] = [`${uniqueName('left')}.countersign.dev`, `${uniqueName('right')}.countersign.dev`];

  beforeAll(async () => {
    await define(shadow, 'Deployment', 'deployments', ['deploy']);
    await define(left, 'Gizmo', 'gizmos', ['gz']);
    await define(right, 'Gizmo', 'gizmos', ['gz']);
    await agent.kube.create(agent.path('deployments'), manifest('deployment', agent.namespace));
  });
  afterAll(async () => {
    for (const name of made) await agent.kube.delete(`${definitions}/${name}`);
  });

  it('a built-in one wins over a custom one of the same short name, and the custom one has its full name', async () => {
    const builtIn = await agent.call('get', { resource: 'deploy' });
    expect(builtIn.structured.status, builtIn.text).toBe('ok');
    expect(builtIn.text).toMatch(/^deployments\.apps, /);
    const custom = await agent.call('get', { resource: `deployments.${shadow}` });
    expect(custom.text).toMatch(new RegExp(`^deployments\\.${shadow}, .*: 0 shown`));
    const deleted = await agent.call('delete', { resource: 'deploy', name: 'web', dryRun: true, reason });
    expect(deleted.structured.status, deleted.text).toBe('dry_run');
  });

  it.each(['gizmos', 'gizmo', 'Gizmo', 'gz'])(
    'of two custom ones neither: %s is ambiguous, and the candidates are named',
    async (resource) => {
      await isClear(agent, await agent.call('get', { resource }), 'invalid', new RegExp(left), new RegExp(right));
    },
  );
});

describe('clusters that cannot be used', () => {
  const servers: Server[] = [];
  const rigs: AgentRig[] = [];
  afterAll(async () => {
    for (const rig of rigs) await rig.close();
    for (const server of servers) server.close();
  });

  /** A server that takes connections and never says a word. */
  async function listen(server: Server): Promise<number> {
    servers.push(server);
    server.on('connection', (socket) => socket.unref().on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async function agentOf(port: number, ca: string, context = 'countersign-test'): Promise<AgentRig> {
    const path = join(tmpdir(), `${uniqueName('cs-unusable')}.kubeconfig`);
    await writeFile(path, kubeconfig(`https://127.0.0.1:${port}`, ca, 'nobody', { token: 'none' }), { mode: 0o600 });
    atEnd(() => rm(path));
    const rig = await startAgent({ cluster: { kubeconfig: path, context } });
    rigs.push(rig);
    return rig;
  }

  it('one that accepts and never answers, one that speaks TLS and never answers, one that is not there: unavailable, within the deadline', async () => {
    const { caCert, serverCert, serverKey } = await makeCertificates({ user: 'nobody', group: 'none' });
    const mute = await agentOf(await listen(createTcpServer()), caCert);
    const muteTls = await agentOf(await listen(createTlsServer({ cert: serverCert, key: serverKey })), caCert);
    const absent = await agentOf(1, caCert);
    const started = performance.now();
    const asked: (readonly [string, JsonObject])[] = [
      ['get', { resource: 'pods' }],
      ['delete', { resource: 'pods', name: 'a', reason }],
    ];
    await Promise.all(
      [mute, muteTls, absent].flatMap((rig) =>
        asked.map(async ([tool, input]) => {
          const answer = await rig.call(tool, input);
          await isClear(rig, answer, 'unavailable', /127\.0\.0\.1/, /doctor/);
        }),
      ),
    );
    expect(performance.now() - started).toBeLessThan(25_000);
  }, 60_000);

  it('a kubeconfig without the context, and one that is not there', async () => {
    const { caCert } = await makeCertificates({ user: 'nobody', group: 'none' });
    const rig = await agentOf(1, caCert, 'no-such-context');
    await isClear(rig, await rig.call('get', { resource: 'pods' }), 'invalid', /no-such-context/, /countersign-test/);
    const missing = await startAgent({ cluster: { kubeconfig: '/no/such/kubeconfig', context: 'a' } });
    rigs.push(missing);
    await isClear(missing, await missing.call('get', { resource: 'pods' }), 'invalid', /\/no\/such\/kubeconfig/);
  });
});

it('sent not one request that could have changed anything', async () => {
  const requests = await requestsOf(agent.username, controlPlane().auditLogPath);
  expect(requests.filter(mutates).map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
});
