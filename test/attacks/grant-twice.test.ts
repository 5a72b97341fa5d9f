import { afterEach, describe, expect, it } from 'vitest';
import { openCluster } from '../../src/cluster/open.ts';
import { createGrantMint } from '../../src/domain/grant-mint.ts';
import type { PlannedRequest } from '../../src/domain/request.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { testClock } from '../support/approvals.ts';

let sandbox: Sandbox;
let close: () => Promise<void>;
afterEach(async () => {
  await close();
  await sandbox.stop();
});

async function open() {
  sandbox = await startSandbox();
  const { mint, redeem } = createGrantMint();
  const config = { sandbox: { url: sandbox.url, token: sandbox.token } };
  const cluster = openCluster({ name: 'sandbox', config, redeem, clock: testClock() });
  close = () => cluster.close();
  let n = 0;
  const context = {
    invocation: 'test',
    agent: 'test',
    nextAuditId: async () => `00000000-0000-8000-8000-${String(n++).padStart(12, '0')}`,
    signal: new AbortController().signal,
  };
  const type = await cluster.planning(context).resolve('configmaps');
  const object = { type, namespace: 'shop', name: 'web-config' };
  const live = await cluster.planning(context).get(object);
  const metadata = live?.metadata as { uid: string; resourceVersion: string };
  const remove = {
    action: 'delete' as const,
    object,
    propagationPolicy: 'Background' as const,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
  };
  const grantFor = (...requests: readonly PlannedRequest[]) => mint({ planDigest: 'sha256:x', requests });
  return { cluster, context, grantFor, remove, object };
}

describe('a grant', () => {
  it('is redeemed once', async () => {
    const { cluster, context, grantFor, remove } = await open();
    const grant = grantFor(remove);
    cluster.execution(grant, context);
    expect(() => cluster.execution(grant, context)).toThrow('spent or was never made');
  });

  it('sends a change once, also after it failed', async () => {
    const { cluster, context, grantFor, remove } = await open();
    const stale = { ...remove, resourceVersion: '1' };
    const handle = cluster.execution(grantFor(stale), context);
    await expect(handle.send(stale)).rejects.toMatchObject({ code: 'Conflict' });
    await expect(handle.send(stale)).rejects.toMatchObject({ code: 'Internal' });
    await expect(handle.send(remove)).rejects.toMatchObject({ code: 'Internal' });
  });

  it('sends no other request: another object, another kind of delete, a read that was not planned', async () => {
    const { cluster, context, grantFor, remove, object } = await open();
    const handle = cluster.execution(grantFor(remove), context);
    const others: PlannedRequest[] = [
      { ...remove, object: { ...object, name: 'other' } },
      { ...remove, object: { ...object, namespace: 'default' } },
      { ...remove, propagationPolicy: 'Orphan' },
      { ...remove, uid: 'another' },
      { ...remove, gracePeriodSeconds: 0 },
      { action: 'get', object, representation: 'object' },
    ];
    for (const other of others)
      if (other.action !== 'exec' && other.action !== 'logs')
        await expect(handle.send(other)).rejects.toMatchObject({
          code: 'Internal',
          message: expect.stringContaining('not in the grant'),
        });
    expect(await cluster.planning(context).get(object)).toBeDefined();
    expect((await handle.send(remove)).httpStatus).toBe(200);
  });
});
