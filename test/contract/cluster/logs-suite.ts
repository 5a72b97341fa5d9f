import { beforeAll, describe, expect, it } from 'vitest';
import type { LogsRequest } from '../../../src/domain/request.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { type Harness, refusal } from './harness.ts';

const stamped = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ./;

export function logsSuite(h: Harness): void {
  let request: LogsRequest;

  beforeAll(async () => {
    const { object } = await h.create('pod', { name: 'logs' });
    await waitUntil('the pod runs', async () => {
      const found = await h.live(object);
      return found?.status?.containerStatuses?.[0]?.state?.running !== undefined;
    });
    request = { action: 'logs', object, container: 'main', previous: false, tailLines: 100 };
  });

  const read = async (changes: Partial<LogsRequest>) => {
    const chunks: Uint8Array[] = [];
    const end = await h.logs({ ...request, ...changes }, (bytes) => chunks.push(Uint8Array.from(bytes)));
    const lines = Buffer.concat(chunks).toString('utf8').split('\n');
    return { end, lines: lines.filter((line) => line !== '') };
  };

  describe('logs', () => {
    it('gives every line with its time, and says that it is whole', async () => {
      const { end, lines } = await read({});
      expect(end).toEqual({ cut: false });
      expect(lines.length).toBeGreaterThan(2);
      for (const line of lines) expect(line).toMatch(stamped);
    });

    it('gives the last lines', async () => {
      const all = await read({});
      const last = await read({ tailLines: 2 });
      expect(last.lines).toEqual(all.lines.slice(-2));
    });

    it('gives nothing of a time when nothing was written', async () => {
      // What both write is of the beginning: kwok's file is from the first of January, the sandbox says when the pod began.
      const { lines } = await read({ sinceSeconds: 3_000_000 });
      const all = await read({});
      const after = Date.now() - 3_000_000_000;
      expect(lines).toEqual(all.lines.filter((line) => Date.parse(line.split(' ')[0] ?? '') >= after));
    });

    it('refuses a container that is not there, and a pod that is not', async () => {
      expect(await refusal(read({ container: 'sidecar' }))).toMatchObject({ code: 'Invalid' });
      const gone = await refusal(read({ object: { ...request.object, name: 'nobody' } }));
      expect(gone).toMatchObject({ code: 'NotFound' });
    });

    it('sends nothing that was not granted', async () => {
      const grant = h.mint.mint({ planDigest: 'sha256:contract', requests: [request] });
      const handle = h.cluster.execution(grant, h.context());
      const before = h.sent;
      expect(() => handle.logs({ ...request, tailLines: 5_000 }, () => undefined)).toThrow('not in the grant');
      expect(h.sent).toBe(before);
    });

    it('ends when the reader fails', async () => {
      const grant = h.mint.mint({ planDigest: 'sha256:contract', requests: [request] });
      const failing = h.cluster.execution(grant, h.context()).logs(request, () => {
        throw new Error('no memory left');
      });
      await expect(failing).rejects.toThrow('no memory left');
    });
  });
}
