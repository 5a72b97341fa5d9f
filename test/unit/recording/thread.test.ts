import { openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ident } from '../../../src/domain/masked.ts';
import type { Recording } from '../../../src/domain/recording.ts';
import { seal } from '../../../src/domain/seal.ts';
import { ChainFile, type RecordingFiles, realFiles } from '../../../src/recording/chain-file.ts';
import { beginning, type Line } from '../../../src/recording/chain-lines.ts';
import { readRecording, verifyRecording } from '../../../src/recording/read.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { lendWriter, type WriterThread } from '../../../src/recording/writer.ts';
import { bundledWriterThread } from '../../support/writer-thread.ts';
import { random, realClock, temporaryFolder } from '../audit/support.ts';

let thread: Awaited<ReturnType<typeof bundledWriterThread>>;
beforeAll(async () => {
  thread = await bundledWriterThread();
});
afterAll(() => thread.remove());

const header = {
  ...{ invocation: '01JD', planDigest: 'sha256:p', agent: 'bot', cluster: 'prod', container: 'web', command: [] },
  object: ident('Pod/shop/web-0'),
};
const frame = (text: string): Line => ({ type: 'Frame', time: 1, fields: { channel: 'stdout' }, text: ['text', text] });
/** Two frames of it begin the thread. */
const long = `${'a line with "quotes", ünï and 😀\u001b[31m'.repeat(20_000)}\n`;

/** A recorder whose threads are kept to be looked at. */
function recording(files?: RecordingFiles) {
  const threads: WriterThread[] = [];
  const folder = join(temporaryFolder(), 'recordings');
  const startThread = async (): Promise<WriterThread> => {
    const started = await thread.start();
    threads.push(started);
    return started;
  };
  const recorder = createRecorder({
    ...{ folder, clock: realClock, random, startThread, keepThreadFor: 1 },
    ...(files && { files }),
  });
  return { folder, recorder, threads };
}

/** Writes until a thread has come, and once more, so that it has written. */
async function writeLong(to: Recording, threads: readonly unknown[]): Promise<number> {
  let frames = 0;
  const write = async (): Promise<void> => {
    await to.write('stdout', seal(long), 5);
    frames += 1;
  };
  while (threads.length === 0 || frames < 4) await write();
  await write();
  await to.write('stderr', seal('a word\n'), 6);
  return frames;
}

const nothingToSeal = (): Promise<never> => Promise.reject(new Error('nothing is sealed here'));
const nextTurn = (): Promise<'held'> => new Promise((resolve) => setImmediate(() => resolve('held')));

/** A file so long that this thread writes it from now on. */
async function lentTo(writer: WriterThread): Promise<ChainFile> {
  let asked = false;
  const start = async (): Promise<WriterThread> => {
    asked = true;
    return writer;
  };
  const chain = new ChainFile(realFiles, join(temporaryFolder(), 'chain'), realClock, lendWriter(start));
  while (!asked) {
    await chain.add(frame('z'.repeat(256 * 1024)));
    await chain.written();
  }
  await nextTurn();
  return chain;
}

describe('a long recording', () => {
  it('is written by a thread that all share, and is what it would be without', async () => {
    const { folder, recorder, threads } = recording();
    const [one, two] = [await recorder.start(header), await recorder.start(header)];
    const counts = [await writeLong(one, threads), await writeLong(two, threads)];
    expect(threads).toHaveLength(1);
    for (const [index, each] of [one, two].entries()) {
      const { root } = await each.end({ exitCode: 0, reason: undefined });
      const report = await verifyRecording(join(folder, `${each.id}.jsonl`));
      expect(report).toMatchObject({ consistent: true, complete: true, root, faults: [] });
      const texts: string[] = [];
      for await (const line of readRecording(folder, each.id)) if (line.type === 'Frame') texts.push(String(line.text));
      expect(texts.join('')).toBe(`${long.repeat(counts[index] ?? 0)}a word\n`);
    }
    // Nobody needs it any more.
    await threads[0]?.ended;
  });

  it('has the bytes that it would have if this thread wrote them', async () => {
    const folder = temporaryFolder();
    const [here, there] = [join(folder, 'here'), join(folder, 'there')];
    const started = await thread.start();
    const file = openSync(there, 'a');
    const texts = ['one', '', '\u007f\u202e😀 ü\n"\\', '\ud800 alone', 'three\t'.repeat(5_000), '😀\u0007'.repeat(300)];
    const lines: Line[] = texts.flatMap((text, n) => [
      { type: 'Frame', time: 1_800_000_000_000 - n, fields: { channel: 'stdout' }, text: ['text', text] },
      { type: 'RecordingClosed', time: n, fields: { exitCode: n, list: [text] } },
    ]);
    const place = await started.write(file, beginning, lines);
    started.stop();
    realFiles.close(file);
    const chain = new ChainFile(realFiles, here, realClock);
    for (const line of lines) await chain.add(line);
    await chain.written();
    chain.close();
    expect(readFileSync(there)).toEqual(readFileSync(here));
    expect(`sha256:${place.prev}`).toBe(chain.root);
  });

  it('is ended where the thread dies, and the next one has another', async () => {
    const { folder, recorder, threads } = recording();
    const lost = await recorder.start(header);
    await writeLong(lost, threads);
    threads[0]?.stop();
    await threads[0]?.ended;
    const gone = { code: 'AuditUnavailable', message: expect.stringContaining('cannot be written (thread ended)') };
    await expect(lost.end({ exitCode: 0, reason: undefined })).rejects.toMatchObject(gone);
    await expect(lost.write('stdout', seal('y'), 8)).rejects.toMatchObject({ code: 'AuditUnavailable' });
    const { complete, consistent } = await verifyRecording(join(folder, `${lost.id}.jsonl`));
    expect({ complete, consistent }).toEqual({ complete: false, consistent: true });

    const next = await recorder.start(header);
    threads.length = 0;
    await writeLong(next, threads);
    expect(threads).toHaveLength(1);
    await next.end({ exitCode: 0, reason: undefined });
  });

  it('leaves the thread to the next one for a while', async () => {
    let started = 0;
    let stopped = 0;
    const stop = (): void => {
      stopped += 1;
    };
    const start = async (): Promise<WriterThread> => {
      started += 1;
      const ended = new Promise<void>(() => undefined);
      return { ended, seal: nothingToSeal, stop, write: async (_, place) => place };
    };
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const lender = lendWriter(start, 1_000);
      for (const later of [999, 999, 1_000]) {
        await lender.borrow();
        lender.giveBack();
        expect({ started, stopped }).toEqual({ started: 1, stopped: 0 });
        await vi.advanceTimersByTimeAsync(later);
      }
      expect(stopped).toBe(1);
      await lender.borrow();
      expect(started).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is ended where the thread dies while a write waits for it', async () => {
    let die = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      die = resolve;
    });
    const dying: WriterThread = {
      ended,
      stop: die,
      seal: nothingToSeal,
      write: () => ended.then(() => Promise.reject(Object.assign(new Error('gone'), { code: 'thread ended' }))),
    };
    const chain = await lentTo(dying);
    await chain.add(frame('on its way'));
    const waiting = Promise.allSettled([chain.written(), chain.sync()]);
    die();
    const reason = { code: 'thread ended' };
    expect(await waiting).toMatchObject([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    chain.close();
  });

  it('is ended where the thread cannot write on, with what the disk said', async () => {
    const files: RecordingFiles = {
      ...realFiles,
      // This thread writes to nothing, and the other one may not.
      create: (path) => {
        writeFileSync(path, '');
        return openSync(path, 'r');
      },
      write: async () => void (await nextTurn()),
    };
    const { recorder, threads } = recording(files);
    const broken = await recorder.start(header);
    const said = { code: 'AuditUnavailable', message: expect.stringContaining('cannot be written (EBADF)') };
    const whole = writeLong(broken, threads).then(() => broken.end({ exitCode: 0, reason: undefined }));
    await expect(whole).rejects.toMatchObject(said);
    await expect(broken.write('stdout', seal('more'), 7)).rejects.toMatchObject({ code: 'AuditUnavailable' });
    await expect(broken.end({ exitCode: 0, reason: undefined })).rejects.toMatchObject({ code: 'AuditUnavailable' });
    await threads[0]?.ended;
  });

  it('goes on in this thread where no other starts', async () => {
    const folder = join(temporaryFolder(), 'recordings');
    let asked = 0;
    const startThread = (): Promise<never> => {
      asked += 1;
      return Promise.reject(new Error('no more threads'));
    };
    const alone = await createRecorder({ folder, clock: realClock, random, startThread }).start(header);
    for (let n = 0; n < 6; n++) await alone.write('stdout', seal(long), n);
    await alone.end({ exitCode: 0, reason: undefined });
    expect(asked).toBe(1);
    const [name = ''] = readdirSync(folder);
    expect(await verifyRecording(join(folder, name))).toMatchObject({ consistent: true, complete: true });
  });

  it('gives the thread much at a time, and keeps nothing back for long', async () => {
    const given: number[] = [];
    const writer: WriterThread = {
      ended: new Promise(() => undefined),
      stop: () => undefined,
      seal: nothingToSeal,
      write: async (_, place, lines) => {
        given.push(lines.length);
        return { ...place, seq: place.seq + lines.length };
      },
    };
    const chain = await lentTo(writer);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      for (let n = 0; n < 16; n++) await chain.add(frame('z'.repeat(64 * 1024)));
      await nextTurn();
      expect(given).toEqual([16]);
      await chain.add(frame('a word'));
      await chain.add(frame('another'));
      await vi.advanceTimersByTimeAsync(49);
      expect(given).toEqual([16]);
      await vi.advanceTimersByTimeAsync(1);
      expect(given).toEqual([16, 2]);
      await chain.add(frame('waited for'));
      await chain.written();
      await chain.add(frame('at the end'));
      chain.close();
      await nextTurn();
      expect(given).toEqual([16, 2, 1, 1]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('waits for a thread that is slow, with a bound on what is on its way', async () => {
    const waiting: (() => void)[] = [];
    let onTheWay = 0;
    const slow: WriterThread = {
      ended: new Promise(() => undefined),
      stop: () => undefined,
      seal: nothingToSeal,
      write: (_, place, lines) =>
        new Promise((resolve) => {
          onTheWay += lines.length;
          waiting.push(() => {
            onTheWay -= lines.length;
            resolve({ ...place, seq: place.seq + lines.length });
          });
        }),
    };
    const chain = await lentTo(slow);
    const text = 'z'.repeat(64 * 1024);
    let added = 0;
    const added64kB = async (): Promise<'added'> => {
      await chain.add(frame(text));
      return 'added';
    };
    let adding = added64kB();
    while ((await Promise.race([adding, nextTurn()])) === 'added') {
      added += 1;
      expect(added).toBeLessThan(80);
      adding = added64kB();
    }
    expect(onTheWay).toBeLessThanOrEqual(65);
    while (waiting.length > 0) {
      waiting.shift()?.();
      await nextTurn();
    }
    expect(await adding).toBe('added');
    await chain.written();
    chain.close();
  });
});
