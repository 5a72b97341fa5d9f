/** Attack: a read whose request leaves while its line is still in the memory of a process that is killed then. */
import { afterEach, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/domain/audit-event.ts';
import { CountersignError } from '../../src/domain/errors.ts';
import { createInvoke } from '../../src/gate/invoke.ts';
import { agent } from '../support/approvals.ts';
import { createGateRig, type GateRig } from '../support/gate.ts';

let rig: GateRig;
afterEach(() => rig.close());

/** A log whose lines are on disk when the test says so. */
async function slowLog() {
  rig = await createGateRig();
  const written: (() => void)[] = [];
  const failed: ((error: Error) => void)[] = [];
  const seen: AuditEvent[] = [];
  const sent: string[] = [];
  const cluster = await rig.ports.clusters.get(undefined);
  const invoke = createInvoke({
    ...rig.ports,
    clusters: {
      get: async () => ({
        ...cluster,
        execution: (grant, context) => {
          const nextAuditId = async (): Promise<string> => {
            const id = await context.nextAuditId();
            sent.push(id);
            return id;
          };
          return cluster.execution(grant, { ...context, nextAuditId });
        },
      }),
    },
    audit: {
      ...rig.ports.audit,
      append: (event) => {
        seen.push(event);
        return new Promise((resolve, reject) => {
          written.push(resolve);
          failed.push(reject);
        });
      },
    },
  });
  const read = invoke({
    ...{ tool: 'get', input: { resource: 'pods', namespace: 'shop' }, inputBytes: 100, principal: agent },
    ...{ client: { name: 'test', version: '1' }, signal: new AbortController().signal, progress: undefined },
    waitBudget: 1_000,
  });
  // Long enough for everything that a read does without its line.
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  expect(seen.map(({ type }) => type)).toEqual(['RequestReceived']);
  expect(sent).toEqual([]);
  return { read, sent, write: () => written[0]?.(), fail: (error: Error) => failed[0]?.(error) };
}

it('sends nothing and answers nothing before RequestReceived is on disk', async () => {
  const { read, sent, write } = await slowLog();
  expect(await Promise.race([read, Promise.resolve('nothing yet')])).toBe('nothing yet');
  write();
  expect((await read).status).toBe('ok');
  expect(sent).toHaveLength(1);
});

it('sends nothing when RequestReceived cannot be written, and says so', async () => {
  const { read, sent, fail } = await slowLog();
  fail(new CountersignError('AuditUnavailable', 'the disk is full'));
  expect((await read).status).toBe('unavailable');
  expect(sent).toEqual([]);
});
