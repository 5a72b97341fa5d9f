import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ident } from '../../../src/domain/masked.ts';
import { seal } from '../../../src/domain/seal.ts';
import { type RecordingFiles, realFiles } from '../../../src/recording/chain-file.ts';
import { recordingConfigSchema } from '../../../src/recording/config.ts';
import { identitiesIn, readRaw } from '../../../src/recording/raw-read.ts';
import { verifyRaw, verifyRecording } from '../../../src/recording/read.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { readSession } from '../../../src/recording/session.ts';
import type { WriterThread } from '../../../src/recording/writer.ts';
import { bundledWriterThread } from '../../support/writer-thread.ts';
import { random, realClock, temporaryFolder } from '../audit/support.ts';

const header = {
  ...{ invocation: '01JD', planDigest: 'sha256:p', agent: 'deploy-bot', cluster: 'shop-prod', container: 'web' },
  object: ident('Pod/shop/web-0'),
  command: [seal('cat')],
};
const secret = 'correct horse battery staple';
const time = Date.now();

async function keyPair() {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

async function recorded(rawTo: readonly string[], files?: RecordingFiles, startThread?: () => Promise<WriterThread>) {
  const folder = temporaryFolder();
  const recorder = createRecorder({
    folder,
    rawTo,
    clock: realClock,
    random,
    keepThreadFor: 1,
    ...(files === undefined ? {} : { files }),
    ...(startThread === undefined ? {} : { startThread }),
  });
  const recording = await recorder.start(header);
  return { folder, recording, path: (end: string) => join(folder, `${recording.id}${end}`) };
}

const frame = (bytes: Uint8Array, channel: 'stdout' | 'stderr' = 'stdout') => ({ channel, bytes, time });

it('keeps nothing raw unless somebody asked for it', async () => {
  const { folder, recording } = await recorded([]);
  expect(recording.raw).toBeUndefined();
  await recording.end({ exitCode: 0, reason: undefined });
  expect(readdirSync(folder)).toEqual([`${recording.id}.jsonl`]);
  expect((await readSession(folder, recording.id)).facts.rawRoot).toBeUndefined();
});

it('gives back every byte to each key, and to no other, and leaves nothing readable on disk', async () => {
  const [ana, bo, eve] = [await keyPair(), await keyPair(), await keyPair()];
  const { folder, recording, path } = await recorded([ana.recipient, bo.recipient]);
  const [first, second] = [Buffer.from(`${secret} ü`), Buffer.from(' and more')];
  // A character that is cut over two frames, and a batch that is full.
  await recording.raw?.(frame(first.subarray(0, -1)));
  await recording.raw?.(frame(Buffer.alloc(300_000, 'x'), 'stderr'));
  await recording.raw?.(frame(Buffer.concat([first.subarray(-1), second])));
  await recording.write('stdout', seal('[masked]'), time);
  await recording.end({ exitCode: 0, reason: undefined });

  for (const { identity } of [ana, bo]) {
    const cues = await readRaw(folder, recording.id, [identity]);
    const said = (channel: string) => cues.flatMap((cue) => (cue.channel === channel ? [cue.text] : [])).join('');
    expect(said('stdout')).toBe(`${secret} ü and more`);
    expect(said('stderr')).toBe('x'.repeat(300_000));
  }
  await expect(readRaw(folder, recording.id, [eve.identity])).rejects.toMatchObject({ code: 'Invalid' });
  for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name), 'latin1')).not.toContain('battery');
  const { root, ...report } = await verifyRaw(path('.raw.jsonl'));
  expect(report).toMatchObject({ consistent: true, lines: 3 });
  expect((await readSession(folder, recording.id)).facts.rawRoot).toBe(root);
  expect(await verifyRecording(path('.jsonl'))).toMatchObject({ consistent: true, complete: true });
});

it('encrypts to post-quantum recipients too', async () => {
  const identity = await generateHybridIdentity();
  const recipient = await identityToRecipient(identity);
  expect(recordingConfigSchema.parse({ rawTo: [recipient] })).toEqual({ rawTo: [recipient] });
  const { folder, recording } = await recorded([recipient]);
  await recording.raw?.(frame(Buffer.from(secret)));
  await recording.end({ exitCode: 0, reason: undefined });
  expect((await readRaw(folder, recording.id, [identity])).map(({ text }) => text)).toEqual([secret]);
});

it('writes what waits after a second, so that a killed process loses no more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { identity, recipient } = await keyPair();
    const { folder, recording, path } = await recorded([recipient]);
    await recording.raw?.(frame(Buffer.from(secret)));
    expect((await verifyRaw(path('.raw.jsonl'))).lines).toBe(1);
    vi.advanceTimersByTime(1_000);
    await vi.waitFor(async () => expect((await verifyRaw(path('.raw.jsonl'))).lines).toBe(2));
    expect((await readRaw(folder, recording.id, [identity])).map(({ text }) => text)).toEqual([secret]);
    await recording.end({ exitCode: 0, reason: undefined });
  } finally {
    vi.useRealTimers();
  }
});

it('ends the session when raw frames cannot be written', async () => {
  const { recipient } = await keyPair();
  let full = false;
  const files: RecordingFiles = {
    ...realFiles,
    write: async (file, bytes) => {
      if (full) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      await realFiles.write(file, bytes);
    },
  };
  const { recording } = await recorded([recipient], files);
  full = true;
  const big = frame(Buffer.alloc(300_000));
  await expect(recording.raw?.(big)).rejects.toMatchObject({ code: 'AuditUnavailable' });
  full = false;
  await expect(recording.raw?.(big)).rejects.toMatchObject({ code: 'AuditUnavailable' });
  await expect(recording.write('stdout', seal('x'), time)).rejects.toMatchObject({ code: 'AuditUnavailable' });
  await expect(recording.end({ exitCode: 0, reason: undefined })).rejects.toMatchObject({ code: 'AuditUnavailable' });
});

describe('where much is raw', () => {
  let thread: Awaited<ReturnType<typeof bundledWriterThread>>;
  beforeAll(async () => {
    thread = await bundledWriterThread();
  });
  afterAll(() => thread.remove());

  /** Frames until the thread was asked for some, and what came of them. */
  async function longSession(breaks: boolean) {
    const { identity, recipient } = await keyPair();
    let asked = 0;
    const started: WriterThread[] = [];
    const startThread = async (): Promise<WriterThread> => {
      const real = await thread.start();
      started.push(real);
      const seal: WriterThread['seal'] = (recipients, frames) => {
        asked += 1;
        return breaks ? Promise.reject(new Error('out of memory')) : real.seal(recipients, frames);
      };
      const { ended, write, stop } = real;
      return { ended, seal, write: write.bind(real), stop: stop.bind(real) };
    };
    const { folder, recording, path } = await recorded([recipient], undefined, startThread);
    let frames = 0;
    for (; asked < 2; frames++) await recording.raw?.(frame(Buffer.alloc(100_000, String(frames % 10)), 'stderr'));
    await recording.end({ exitCode: 0, reason: undefined });
    const said = (await readRaw(folder, recording.id, [identity])).map(({ text }) => text).join('');
    const whole = Array.from({ length: frames }, (_, n) => String(n % 10).repeat(100_000)).join('');
    expect(said === whole).toBe(true);
    expect(await verifyRaw(path('.raw.jsonl'))).toMatchObject({ consistent: true });
    return started;
  }

  it('has the thread encrypt it, and lets it go at the end', async () => {
    const started = await longSession(false);
    expect(started).toHaveLength(1);
    await started[0]?.ended;
  });

  it('encrypts here what the thread cannot', async () => {
    await longSession(true);
  });
});

it('finds a change of the raw file', async () => {
  const { recipient } = await keyPair();
  const { recording, path } = await recorded([recipient]);
  for (let n = 0; n < 3; n++) await recording.raw?.(frame(Buffer.alloc(300_000, n)));
  await recording.end({ exitCode: 0, reason: undefined });
  const good = readFileSync(path('.raw.jsonl'), 'utf8').trimEnd().split('\n');
  expect(good).toHaveLength(4);
  writeFileSync(path('.raw.jsonl'), `${[good[0], good[2], good[3]].join('\n')}\n`);
  expect((await verifyRaw(path('.raw.jsonl'))).consistent).toBe(false);
  writeFileSync(path('.raw.jsonl'), `${good.slice(0, 3).join('\n')}\n`);
  const cut = await verifyRaw(path('.raw.jsonl'));
  expect(cut.consistent).toBe(true);
  expect(cut.root).not.toBe(
    JSON.parse(readFileSync(path('.jsonl'), 'utf8').trimEnd().split('\n').at(-1) ?? '').rawRoot,
  );
});

it('takes only recipients that are whole, never a private half', async () => {
  const { identity, recipient } = await keyPair();
  expect(recordingConfigSchema.parse({ rawTo: [recipient] })).toEqual({ rawTo: [recipient] });
  const last = recipient.at(-1) === 'q' ? 'p' : 'q';
  const bad = [
    `${recipient.slice(0, -1)}${last}`,
    recipient.slice(0, -1),
    recipient.toUpperCase(),
    `${recipient}q`,
    'age1',
  ];
  for (const each of bad) expect(recordingConfigSchema.safeParse({ rawTo: [each] }).success, each).toBe(false);
  const [issue] = recordingConfigSchema.safeParse({ rawTo: [identity] }).error?.issues ?? [];
  expect(issue?.message).toContain('private half');
});

it('takes identities as age-keygen writes them', async () => {
  const { identity } = await keyPair();
  expect(identitiesIn(`# created: 2026-11-21\n# public key: age1…\n${identity}\n`)).toEqual([identity]);
  expect(() => identitiesIn('-----BEGIN AGE ENCRYPTED FILE-----\n')).toThrow('no age identity');
});
