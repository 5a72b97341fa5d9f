import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Cluster } from '../../../src/domain/cluster.ts';
import { CountersignError } from '../../../src/domain/errors.ts';
import type { Signal } from '../../../src/domain/hangup.ts';
import type { Call } from '../../../src/gate/call.ts';
import { whileStanding } from '../../../src/gate/standing.ts';
import { createGateRig, type GateRig } from '../../support/gate.ts';
import { fallible } from '../../support/standing.ts';

let rig: GateRig;
/** What the program and its stdin moved so far. */
const frames: string[] = [];
const rules = `
rules:
  - { name: reads-flow, description: Objects may be read., match: { verbs: [get, list] }, effect: allow }
  - { name: programs, description: Programs may run., match: { tools: [exec] }, effect: allow }
  - name: changes-wait
    description: Every change waits.
    match: { tools: [scale] }
    effect: review
    require: { slots: [{ group: sre }], decideWithin: 15m, useWithin: 15m }
`;
beforeAll(async () => {
  rig = await createGateRig({ rules, around: overheard });
});
afterAll(() => rig.close());

/** Called whenever something is planned. */
let planned = (): void => undefined;
const overheard = (cluster: Cluster): Cluster => ({
  ...cluster,
  planning: (context) => {
    planned();
    return cluster.planning(context);
  },
  execution: (grant, context) => {
    const handle = cluster.execution(grant, context);
    return {
      send: (request) => handle.send(request),
      logs: (request, onChunk) => handle.logs(request, onChunk),
      exec: (request, onFrame) =>
        handle.exec(request, async (frame) => {
          frames.push(frame.channel);
          await onFrame(frame);
        }),
    };
  },
});

const scale = (replicas: number) => ({
  resource: 'deploy',
  name: 'web',
  namespace: 'shop',
  replicas,
  reason: 'A sale.',
});

describe('a caller that does not stand', () => {
  it('is refused before anything is planned, and that is written down', async () => {
    const standing = fallible();
    standing.fall();
    const before = rig.events.length;
    for (const [tool, input] of [
      ['get', { resource: 'pods' }],
      ['scale', scale(4)],
    ] as const) {
      const { status, message, next } = await rig.call(tool, input, { standing });
      expect([status, message, next]).toEqual(['unauthorized', 'The caller bot is suspended.', 'Stop.']);
    }
    const types = rig.events.slice(before).map(({ type, fields }) => [type, fields.code]);
    expect(types).toEqual([
      ['RequestReceived', undefined],
      ['Refused', 'Unauthorized'],
      ['RequestReceived', undefined],
      ['Refused', 'Unauthorized'],
    ]);
  });

  it('any more is told so at once while it waits, and what it asked for waits on', async () => {
    const standing = fallible();
    const { approval, answer } = await rig.hold('scale', scale(5), { standing });
    const began = performance.now();
    standing.fall();
    expect((await answer).status).toBe('unauthorized');
    expect(performance.now() - began).toBeLessThan(1_000);
    expect((await rig.approvals.read(approval.id)).state).toBe('pending');
    expect(standing.watched).toBe(0);
    await rig.approvals.close(approval.id, 'withdraw', 'the test is over');
  });

  it('at the claim runs nothing, although it was approved', async () => {
    const standing = fallible();
    const { approval, answer } = await rig.hold('scale', scale(6), { standing });
    // While the claim plans again.
    planned = () => standing.fall();
    await rig.vote(approval.id);
    expect((await answer).status).toBe('unauthorized');
    expect(rig.writes().filter((write) => write.startsWith('scale'))).toEqual([]);
    planned = () => undefined;
    expect((await rig.approvals.read(approval.id)).state).toBe('approved');
    await rig.approvals.close(approval.id, 'withdraw', 'the test is over');
  });

  it('for the tool of an approval cannot go on with it by `approval`', async () => {
    const { approval, answer } = await rig.hold('scale', scale(7), { waitBudget: 1 });
    rig.clock.step(10);
    await answer;
    await rig.vote(approval.id);
    const standing = fallible();
    standing.fall((tool) => tool === 'scale');
    expect((await rig.call('approval', { id: approval.id }, { standing })).status).toBe('unauthorized');
    expect(rig.writes()).toEqual([]);
  });
});

describe('a program that runs', () => {
  const exec = {
    pod: 'web-0',
    namespace: 'shop',
    command: ['sleep', '20'],
    stdin: 'x',
    timeout: 30,
    reason: 'Looking.',
  };

  it('is ended when its caller does not stand any more, and that is its outcome', async () => {
    const pods = await rig.kube('GET', '/api/v1/namespaces/shop/pods');
    const names = JSON.stringify(pods.body).match(/"name":"(web-[a-z0-9-]+)"/);
    const standing = fallible();
    const before = rig.events.length;
    const answer = rig.call('exec', { ...exec, pod: names?.[1] ?? '' }, { standing });
    // Its input is sent when it runs.
    await vi.waitFor(() => expect(frames).toContain('stdin'), 5_000);
    const began = performance.now();
    standing.fall();
    const { status, message } = await answer;
    expect(performance.now() - began).toBeLessThan(1_000);
    expect([status, message]).toEqual(['unknown', expect.stringContaining('The caller bot is suspended')]);
    expect(standing.watched).toBe(0);
    const types = rig.events.slice(before).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['RecordingOpened', 'RecordingClosed', 'Unknown']));
  });

  it('is asked for each minute too, where nobody tells of a change', async () => {
    vi.useFakeTimers();
    try {
      const standing = fallible();
      const call = { invocation: { standing, tool: 'approval' } } as unknown as Call;
      let ended: Signal | undefined;
      const run = whileStanding(call, 'exec', (signal) => {
        ended = signal;
        return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      });
      await vi.advanceTimersByTimeAsync(60_000);
      expect([standing.asked, ended?.aborted]).toEqual([['exec', 'exec'], false]);
      standing.check = () => {
        throw new Error('the token has expired');
      };
      await vi.advanceTimersByTimeAsync(60_000);
      await run;
      expect(ended?.reason).toEqual(new Error('the token has expired'));
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['Unavailable', 'is told why, where nothing had begun', 'Unauthorized'],
    ['Unknown', 'is told that nobody knows, where it had', 'Unknown'],
  ] as const)('%s: who falls while a program begins %s', async (code, _, told) => {
    const standing = fallible();
    const call = { invocation: { standing, tool: 'exec' } } as unknown as Call;
    const cut = new CountersignError(code, 'the connection was cut');
    const run = whileStanding(call, 'exec', (signal) => {
      const ended = new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(cut)));
      standing.fall();
      return ended;
    });
    await expect(run).rejects.toMatchObject({ code: told });
  });
});
