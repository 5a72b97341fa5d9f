import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecutionHandle } from '../../src/domain/cluster.ts';
import { standingIn } from '../masking/encodings.ts';
import { createGateRig, type GateRig } from '../support/gate.ts';
import { right } from '../support/guesses.ts';

/** An agent chooses where a log begins: in the middle of a value, of an encoding over several lines, of a key. */
let rig: GateRig;
let written: readonly string[] = [];
let pod: string;
beforeAll(async () => {
  rig = await createGateRig({
    around: (cluster) => ({
      ...cluster,
      execution: (grant, context) => {
        const handle = cluster.execution(grant, context);
        const logs: ExecutionHandle['logs'] = async ({ tailLines }, onChunk) => {
          const stamped = written.map(
            (line, index) => `2026-01-01T00:00:00.${String(index).padStart(9, '0')}Z ${line}\n`,
          );
          onChunk(Buffer.from(stamped.slice(-tailLines).join('')));
          return { cut: false };
        };
        return { ...handle, send: (request) => handle.send(request), exec: (...of) => handle.exec(...of), logs };
      },
    }),
  });
  const { body } = await rig.kube('GET', '/api/v1/namespaces/shop/pods');
  pod = (body.items as readonly { metadata: { name: string } }[])[0]?.metadata.name ?? '';
});
afterAll(() => rig.close());

const wrapped = (text: string, width: number): readonly string[] => text.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
const base64 = Buffer.from(`some words before it, ${right} and some after it`).toString('base64');
const key = Array.from({ length: 25 }, (_, line) => `MIIEkeyline${String(line).padStart(2, '0')}${'Qx7'.repeat(17)}`);

describe('a log that begins anywhere', () => {
  it.each([
    ['base64 of 20 columns', wrapped(base64, 20)],
    ['hex of 16 columns', wrapped(Buffer.from(right).toString('hex'), 16)],
    ['quoted-printable', wrapped(right, 8).map((part, index, all) => (index < all.length - 1 ? `${part}=` : part))],
  ])('gives no part of a value away: %s', async (_, lines) => {
    written = ['begin', 'between', ...lines, 'end'];
    for (let tail = 1; tail <= written.length; tail++) {
      const { data, text } = await rig.call('logs', { name: pod, tail });
      expect(standingIn(JSON.stringify(data) + text, [right])).toEqual([]);
      expect(Number(data.read)).toBe(tail);
      expect(text).toContain('end');
    }
  });

  it('gives no line of a private key away', async () => {
    written = ['begin', '-----BEGIN RSA PRIVATE KEY-----', ...key, '-----END RSA PRIVATE KEY-----', 'end'];
    for (let tail = 1; tail <= written.length; tail++) {
      const { data, text } = await rig.call('logs', { name: pod, tail });
      expect(JSON.stringify(data) + text).not.toContain('MIIEkeyline');
    }
  });

  it('shows as many lines as were asked for, where nothing is hidden', async () => {
    written = Array.from({ length: 200 }, (_, index) => `line ${index}`);
    for (const tail of [1, 64, 65, 100, 199, 200, 300]) {
      const { data } = await rig.call('logs', { name: pod, tail });
      expect(data.shown).toBe(Math.min(tail, 200));
      expect(data.read).toBe(Math.min(tail, 200));
      expect(data.log).toContain(`line ${200 - Math.min(tail, 200)}\n`.slice(0, tail === 1 ? -1 : undefined));
    }
  });
});
