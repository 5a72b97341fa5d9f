import { beforeAll, describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/domain/recording.ts';
import type { ExecRequest } from '../../../src/domain/request.ts';
import type { KubeObject } from '../../support/control-plane/kube.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { type Harness, refusal } from './harness.ts';

export function execSuite(h: Harness): void {
  let request: ExecRequest;

  beforeAll(async () => {
    const { object } = await h.create('pod', { name: 'exec' });
    const pod = await waitUntil('the pod runs', async () => {
      const found = await h.live(object);
      return found?.status?.containerStatuses?.[0]?.state?.running === undefined ? undefined : found;
    });
    const status: KubeObject = pod.status.containerStatuses[0];
    request = {
      action: 'exec',
      object,
      container: 'main',
      command: ['echo', 'hello there'],
      timeoutSeconds: 20,
      uid: pod.metadata.uid,
      containerId: status.containerID ?? '',
      restartCount: status.restartCount,
      startedAt: status.state.running.startedAt,
    };
  });

  const run = async (changes: Partial<ExecRequest>) => {
    const frames: Frame[] = [];
    const end = await h.exec({ ...request, ...changes }, async (frame) => {
      frames.push({ ...frame, bytes: Buffer.from(frame.bytes) });
    });
    const text = (channel: Frame['channel']): string =>
      Buffer.concat(frames.filter((each) => each.channel === channel).map((each) => each.bytes)).toString();
    return { end, frames, text };
  };

  describe('exec', () => {
    it('runs the command and gives its output and exit code', async () => {
      const { end, text } = await run({});
      expect(end).toEqual({ exitCode: 0, timedOut: false, reason: undefined });
      expect(text('stdout')).toBe('hello there\n');
      expect(text('status')).toContain('Success');
    });

    it('takes arguments as they are, no shell', async () => {
      const { text } = await run({ command: ['echo', '$HOME', '&', ';', 'a&command=b', '*'] });
      expect(text('stdout')).toBe('$HOME & ; a&command=b *\n');
    });

    it('tells failure from success, and errors from output', async () => {
      const { end, text } = await run({ command: ['cat', '/there/is/none'] });
      expect(end.exitCode).not.toBe(0);
      expect(text('stdout')).toBe('');
      expect(text('stderr')).toContain('No such file');
    });

    it('ends the session when its time is over', async () => {
      const { end } = await run({ command: ['sleep', '30'], timeoutSeconds: 1 });
      expect(end).toMatchObject({ exitCode: undefined, timedOut: true });
    });

    it('ends the session when its frames cannot be recorded', async () => {
      const failing = h.exec({ ...request, command: ['echo', 'unrecorded'] }, async () => {
        throw new Error('the disk is full');
      });
      await expect(failing).rejects.toThrow('the disk is full');
    });

    it.each([
      ['another pod of the same name', { uid: '00000000-0000-4000-8000-000000000000' }],
      ['a restarted container', { restartCount: 41 }],
      ['a container that started at another time', { startedAt: '2001-01-01T00:00:00Z' }],
      ['another container', { containerId: 'containerd://0' }],
      ['a container that is not there', { container: 'sidecar' }],
    ])('starts nothing in %s', async (_, changes) => {
      const before = h.sent;
      const error = await refusal(run(changes));
      expect(error).toMatchObject({ code: 'Conflict', conflict: 'gone' });
      expect(h.sent).toBe(before + 1);
    });

    it('starts nothing in a pod that is gone', async () => {
      const error = await refusal(run({ object: { ...request.object, name: 'nobody' } }));
      expect(error).toMatchObject({ code: 'Conflict', conflict: 'gone' });
    });
  });
}
