import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecutionHandle } from '../../../src/domain/cluster.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { createGateRig, type GateRig } from '../../support/gate.ts';

const password = 'sandbox-only-T4ble-Lamp-91';
/** What the API server answers to the next logs, in place of the sandbox's; by pod. */
const written = new Map<string, string>();

let rig: GateRig;
let pods: readonly string[];
beforeAll(async () => {
  rig = await createGateRig({
    around: (cluster) => ({
      ...cluster,
      execution: (grant, context) => {
        const handle = cluster.execution(grant, context);
        const logs: ExecutionHandle['logs'] = async (request, onChunk) => {
          const text = written.get(request.object.name);
          if (text === undefined) return handle.logs(request, onChunk);
          const bytes = Buffer.from(text);
          for (let at = 0; at < bytes.length; at += 1_000) onChunk(bytes.subarray(at, at + 1_000));
          return { cut: text.endsWith('broke') };
        };
        return { ...handle, send: (request) => handle.send(request), exec: (...of) => handle.exec(...of), logs };
      },
    }),
  });
  const { body } = await rig.kube('GET', '/api/v1/namespaces/shop/pods');
  pods = (body.items as readonly { metadata: { name: string } }[]).map(({ metadata }) => metadata.name).sort();
});
afterAll(() => rig.close());

const logs = (input: JsonObject) => rig.call('logs', input);
const pod = (index: number): string => pods[index] ?? '';

describe('logs of a pod', () => {
  it('shows its lines, what its environment holds from Secrets masked, in both channels', async () => {
    const { status, message, text, data } = await logs({ name: pod(0) });
    expect(status).toBe('ok');
    expect(message).toContain(`Log of Pod shop/${pod(0)}, container web, cluster sandbox`);
    expect(text).toContain('DB_PASSWORD=[masked Secret db/password]');
    expect(data.log).toContain('DB_PASSWORD=[masked Secret db/password]');
    expect(JSON.stringify({ message, text, data })).not.toContain(password);
    expect(data).toMatchObject({ pods: [pod(0)], container: 'web', shown: 9, read: 9 });
  });

  it('filters what passed the mask, so that guessing finds nothing', async () => {
    const shown = async (grep: string) => (await logs({ name: pod(0), grep })).data.shown;
    expect(await shown('cart')).toBe(6);
    expect(await shown(password)).toBe(0);
    expect(await shown(password.slice(0, 12))).toBe(0);
    expect(await shown('DB_PASSWORD=')).toBe(1);
  });

  it('shows the last lines, and times where they are asked for', async () => {
    const { text, data } = await logs({ name: pod(0), tail: 2, timestamps: true });
    expect(data.shown).toBe(2);
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z GET \/cart\/5 200 7ms\n/);
  });

  it('names the containers where it is told another one', async () => {
    const { status, next } = await logs({ name: pod(0), container: 'sidecar' });
    expect(status).toBe('invalid');
    expect(next).toContain('web');
  });

  it('names near pods where there is none of the name', async () => {
    const { status, message, next } = await logs({ name: `${pod(0)}x` });
    expect(status).toBe('not_found');
    expect(message + next).toContain(pod(0));
  });

  it.each([
    [{ name: 'a/b/c' }, 'invalid'],
    [{ name: 'services/web', container: 'nobody' }, 'invalid'],
    [{ name: 'configmaps/web-config' }, 'invalid'],
    [{ name: 'deploy/nobody' }, 'not_found'],
    [{ name: '../secrets/db' }, 'invalid'],
    [{ name: 'web', since: '10 minutes' }, 'invalid'],
    [{ name: 'web', tail: 0 }, 'invalid'],
    [{ name: 'web', tail: 5_001 }, 'invalid'],
  ])('refuses %j as %s', async (input, status) => {
    expect((await logs(input)).status).toBe(status);
  });
});

describe('logs of a workload', () => {
  it('puts the lines of its pods in order by time, each behind its pod', async () => {
    written.set(pod(0), '2026-01-01T00:00:01.000000000Z one\n2026-01-01T00:00:04.000000000Z four\n');
    written.set(pod(1), '2026-01-01T00:00:02.000000000Z two\n2026-01-01T00:00:03.000000000Z three\n');
    written.set(pod(2), '2026-01-01T00:00:03.500000000Z and a half\n');
    const { text, data, message } = await logs({ name: 'deploy/web' });
    expect(message).toContain('Logs of deploy/web, 3 pods');
    expect(data.pods).toEqual(pods);
    expect(text.split('\n').slice(0, 5)).toEqual([
      `[${pod(0)}] one`,
      `[${pod(1)}] two`,
      `[${pod(1)}] three`,
      `[${pod(2)}] and a half`,
      `[${pod(0)}] four`,
    ]);
    written.clear();
  });

  it('is found by what selects its pods: a Service too', async () => {
    expect((await logs({ name: 'svc/web', tail: 1 })).data).toMatchObject({ pods, shown: 3 });
  });

  it('shows the other pods where one has no such log, and says which', async () => {
    const { text, data, status } = await logs({ name: 'deploy/web', previous: true });
    expect(status).toBe('ok');
    expect(data.notShown).toEqual(pods.map((name) => `${name}: Invalid`));
    expect(text).toContain(`${pod(0)} is not shown`);
  });
});

describe('a log that does not fit', () => {
  it('shows the newest lines within 32 kB, says how many are left out and how to get them', async () => {
    const line = (index: number): string =>
      `2026-01-01T00:00:01.000000000Z ${index} ${'"x\\'.repeat(30)} ${password}\n`;
    written.set(pod(0), Array.from({ length: 5_000 }, (_, index) => line(index)).join(''));
    const { text, data, message, next } = await logs({ name: pod(0), tail: 5_000 });
    const shown = Number(data.shown);
    expect(shown).toBeGreaterThan(80);
    expect(Number(data.leftOut) + shown).toBe(5_000);
    expect(message).toContain(`${data.leftOut} older ones did not fit`);
    expect(next).toContain('since');
    expect(Buffer.byteLength(JSON.stringify(data.log))).toBeLessThan(30_000);
    expect(text).toContain('4999 ');
    expect(text).not.toContain(password);
    written.clear();
  });

  it('says when it broke off', async () => {
    written.set(pod(0), '2026-01-01T00:00:01.000000000Z one\n2026-01-01T00:00:01.000000000Z it broke');
    const { text, data } = await logs({ name: pod(0) });
    expect(data.incomplete).toEqual([pod(0)]);
    expect(text).toContain('broke off: newer lines are missing');
    written.clear();
  });
});

describe('who may not', () => {
  it('is refused before anything is read, by a rule about pods/log', async () => {
    const denying = await createGateRig({
      rules: `
rules:
  - { name: reads-flow, description: Objects may be read., match: { verbs: [get, list] }, effect: allow }
  - { name: no-logs, description: No logs here., match: { resources: [pods/log] }, effect: deny }
`,
    });
    const answer = await denying.call('logs', { name: 'deploy/web' });
    expect(answer).toMatchObject({ status: 'denied', message: expect.stringContaining('no-logs') });
    expect(denying.events.some(({ type }) => type === 'Authorized')).toBe(false);
    await denying.close();
  });
});
