/** Attack: an approval for one cluster is made to run on another, or what was asked of one is gone on with in another. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type OpenCluster, openCluster } from '../../src/cluster/open.ts';
import type { Cluster } from '../../src/domain/cluster.ts';
import { withContexts } from '../../src/domain/contexts.ts';
import { CountersignError } from '../../src/domain/errors.ts';
import { createGrantMint } from '../../src/domain/grant-mint.ts';
import type { Invoke } from '../../src/domain/invocation.ts';
import { open } from '../../src/domain/masked.ts';
import { createInvoke } from '../../src/gate/invoke.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { tools } from '../../tools/index.ts';
import { agent } from '../support/approvals.ts';
import { configMap, createGateRig, type GateRig } from '../support/gate.ts';

let rig: GateRig;
let other: Sandbox;
let second: OpenCluster;
let asked: Invoke;
/** What each name means; the attack changes it. */
let meaning: Map<string, Cluster>;
/** Everything that either cluster was asked to change. */
let changes: string[];

beforeEach(async () => {
  rig = await createGateRig();
  other = await startSandbox();
  const config = { sandbox: { url: other.url, token: other.token }, namespace: 'shop' };
  second = openCluster({ name: 'two', config, redeem: createGrantMint().redeem, clock: rig.clock });
  changes = [];
  meaning = new Map([
    ['one', called('one', rig.cluster)],
    ['two', called('two', second)],
  ]);
  asked = createInvoke({
    ...rig.ports,
    tools: withContexts(tools, { names: ['one', 'two'], forReads: undefined }),
    clusters: {
      get: async (name) => {
        const found = meaning.get(name ?? '');
        if (found === undefined) throw new CountersignError('Invalid', `no cluster ${name}`);
        return found;
      },
    },
  });
});
afterEach(async () => {
  await second.close();
  await other.stop();
  await rig.close();
});

/** Under this name in every result, and noting what it is asked to change. */
const called = (name: string, cluster: Cluster): Cluster => ({
  ...cluster,
  name,
  identity: async (...of) => ({ ...(await cluster.identity(...of)), name }),
  execution: (grant, context) => {
    const handle = cluster.execution(grant, context);
    return {
      exec: (request, onFrame) => handle.exec(request, onFrame),
      logs: (request, onChunk) => handle.logs(request, onChunk),
      send: (request) => {
        if (request.action !== 'get' && request.action !== 'list') changes.push(`${name}: ${request.action}`);
        return handle.send(request);
      },
    };
  },
});

const call = (tool: string, input: object, waitBudget = 0) =>
  asked({
    ...{ tool, input, inputBytes: 100, principal: agent, client: { name: 'test', version: '1' } },
    ...{ signal: new AbortController().signal, progress: undefined, waitBudget },
  });
const apply = (context: string) => ({ manifest: configMap('moved'), reason: 'to see it', context });

async function approvedInOne(): Promise<string> {
  expect((await call('apply', apply('one'))).status).toBe('approval_pending');
  const [approval] = await rig.approvals.list({ open: true });
  if (approval === undefined) throw new Error('nothing was asked');
  await rig.vote(approval.id);
  return approval.id;
}

it('goes on in its own cluster only', async () => {
  const id = await approvedInOne();
  expect((await call('approval', { id })).status).toBe('executed');
  expect(changes).toEqual(['one: apply']);
});

it('does not let the same call run in the other cluster', async () => {
  await approvedInOne();
  expect((await call('apply', apply('two'))).status).toBe('approval_pending');
  expect(changes).toEqual([]);
  expect(await rig.approvals.list({ open: true })).toHaveLength(2);
});

it('does not run when the name has come to mean another cluster', async () => {
  const id = await approvedInOne();
  meaning.set('one', called('one', second));
  expect((await call('approval', { id })).status).toBe('drifted');
  expect(changes).toEqual([]);
});

it('does not run when its cluster is not configured any more, though another one is', async () => {
  const id = await approvedInOne();
  meaning.delete('one');
  expect((await call('approval', { id })).status).not.toBe('executed');
  expect(changes).toEqual([]);
});

it('does not take the cursor of one cluster in another', async () => {
  const first = await call('get', { resource: 'pods', allNamespaces: true, limit: 1, context: 'one' });
  const cursor = /pg-[0-9a-f]{10}/.exec(JSON.stringify(open(first.data)))?.[0];
  expect(cursor).toBeDefined();
  const next = { resource: 'pods', allNamespaces: true, limit: 1, continue: cursor };
  expect((await call('get', { ...next, context: 'two' })).status).toBe('invalid');
  expect((await call('get', { ...next, context: 'one' })).status).toBe('ok');
});
