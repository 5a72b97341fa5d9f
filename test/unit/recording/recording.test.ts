import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ident } from '../../../src/domain/masked.ts';
import { seal } from '../../../src/domain/seal.ts';
import { type RecordingFiles, realFiles } from '../../../src/recording/chain-file.ts';
import { readRecording, verifyRecording } from '../../../src/recording/read.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { random, realClock, temporaryFolder } from '../audit/support.ts';

const header = {
  invocation: '01JD',
  planDigest: 'sha256:p',
  agent: 'deploy-bot',
  cluster: 'shop-prod',
  object: ident('Pod/shop/web-0'),
  container: 'web',
  command: [seal('cat'), seal('[masked argument]')],
};

async function recorded() {
  const folder = join(temporaryFolder(), 'recordings');
  const recording = await createRecorder({ folder, clock: realClock, random }).start(header);
  await recording.write('stdout', seal('hello\u001b[31m\n'), Date.now());
  await recording.write('stderr', seal('😀'.repeat(70_000)), Date.now());
  return { folder, recording, path: join(folder, `${recording.id}.jsonl`) };
}

it('keeps header, frames and end in a chain whose root it returns', async () => {
  const { folder, recording, path } = await recorded();
  const { root } = await recording.end({ exitCode: 3, reason: undefined });
  expect(await verifyRecording(path)).toMatchObject({ consistent: true, complete: true, root, faults: [] });
  const lines = [];
  for await (const line of readRecording(folder, recording.id)) lines.push(line);
  expect(lines[0]).toMatchObject({
    type: 'RecordingOpened',
    principal: 'deploy-bot',
    command: ['cat', '[masked argument]'],
  });
  expect(lines[1]).toMatchObject({ type: 'Frame', channel: 'stdout', text: 'hello\u001b[31m\n' });
  expect(
    lines
      .slice(2, -1)
      .map(({ text }) => text)
      .join(''),
  ).toBe('😀'.repeat(70_000));
  expect(lines.at(-1)).toMatchObject({ type: 'RecordingClosed', exitCode: 3 });
  await expect(recording.write('stdout', seal('late'), 0)).rejects.toMatchObject({ code: 'AuditUnavailable' });
});

it('finds every change, and an end that is missing', async () => {
  const { recording, path } = await recorded();
  await recording.end({ exitCode: 0, reason: undefined });
  const good = readFileSync(path);
  for (let n = 0; n < 200; n++) {
    const changed = Buffer.from(good);
    const place = Math.floor((n / 200) * good.length);
    changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
    writeFileSync(path, changed);
    const report = await verifyRecording(path);
    const { root } = JSON.parse(`{"root":"${report.root}"}`);
    writeFileSync(path, good);
    const was = (await verifyRecording(path)).root;
    expect(report.consistent && root === was).toBe(false);
  }
  writeFileSync(path, good.subarray(0, good.lastIndexOf(10, good.length - 2) + 1));
  expect(await verifyRecording(path)).toMatchObject({ consistent: true, complete: false });
  writeFileSync(path, good.subarray(0, -5));
  expect((await verifyRecording(path)).faults).toMatchObject([{ message: expect.stringContaining('unfinished') }]);
});

it('ends the session when the disk is full, and does not go on after a gap', async () => {
  const folder = temporaryFolder();
  let full = false;
  const files: RecordingFiles = {
    ...realFiles,
    write: async (file, bytes) => {
      if (full) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      await realFiles.write(file, bytes);
    },
  };
  const recorder = createRecorder({ folder, clock: realClock, random, files });
  const recording = await recorder.start(header);
  full = true;
  await expect(recording.write('stdout', seal('x'), 0)).rejects.toMatchObject({ code: 'AuditUnavailable' });
  await expect(recorder.start(header)).rejects.toMatchObject({ code: 'AuditUnavailable' });
  full = false;
  await expect(recording.write('stdout', seal('y'), 0)).rejects.toMatchObject({ code: 'AuditUnavailable' });
  await expect(recording.end({ exitCode: 0, reason: undefined })).rejects.toMatchObject({ code: 'AuditUnavailable' });
  expect(readdirSync(folder).length).toBeGreaterThan(0);
});

it('takes only what the mask sealed', async () => {
  const { recording } = await recorded();
  await expect(recording.write('stdout', 'raw' as never, 0)).rejects.toMatchObject({ code: 'AuditUnavailable' });
});

it('refuses the id of no recording', async () => {
  await expect(readRecording('/', '../etc/passwd').next()).rejects.toMatchObject({ code: 'Invalid' });
});
