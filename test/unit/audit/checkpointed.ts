import { generateKeyPairSync } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { createCheckpoints } from '../../../src/audit/checkpoint/checkpoints.ts';
import { type Note, parseNotes, type VerifierKey, verifierKey } from '../../../src/audit/checkpoint/note.ts';
import type { CheckpointSink } from '../../../src/audit/checkpoint/outbox.ts';
import { type Signer, signWith } from '../../../src/audit/checkpoint/signer.ts';
import type { OpenAuditLog } from '../../../src/audit/open-log.ts';
import type { Checkpoints } from '../../../src/domain/checkpoint.ts';
import type { Clock } from '../../../src/domain/environment.ts';
import { type KeptLog, keptLog, opened, realClock } from './support.ts';

export interface TestKey {
  readonly signer: Signer;
  readonly key: VerifierKey;
}

export function testKey(name = 'example.com/test'): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = verifierKey(name, publicKey);
  return { key, signer: { keys: async () => [key], sign: async (text) => [signWith(name, privateKey, text)] } };
}

/** A place outside: what it was given, and whether it takes anything. */
interface TestSink extends CheckpointSink {
  readonly notes: string[];
  fails: boolean;
}
function testSink(): TestSink {
  const sink: TestSink = {
    name: 'elsewhere',
    notes: [],
    fails: false,
    put: async (note) => {
      if (sink.fails) throw new Error('nobody there');
      sink.notes.push(note);
    },
  };
  return sink;
}

export interface Checkpointed extends TestKey {
  readonly audit: OpenAuditLog;
  readonly checkpoints: Checkpoints;
  readonly sink: TestSink;
  readonly log: KeptLog;
  /** The newest note that is outside. */
  outside(): Note;
  /** As a server stops. */
  close(): Promise<void>;
}

export interface Opening {
  readonly folder: string;
  readonly clock?: Clock;
  readonly test?: TestKey;
  readonly everyLines?: number;
  readonly everySeconds?: number;
  readonly segmentBytes?: number;
}

/** A log with checkpoints, as the composition root puts them together. */
export async function checkpointed({
  folder,
  clock = realClock,
  test = testKey(),
  ...some
}: Opening): Promise<Checkpointed> {
  const log = keptLog();
  const audit = await opened({ folder, clock, log });
  const sink = testSink();
  const limits = { everyLines: 1_000, everySeconds: 3_600, segmentBytes: 1e9, mayWaitSeconds: 60, ...some };
  const checkpoints = createCheckpoints({ audit, folder, clock, log, signer: test.signer, sinks: [sink], ...limits });
  const close = async (): Promise<void> => {
    await checkpoints.close();
    await audit.close();
  };
  onTestFinished(close);
  const outside = (): Note => {
    const newest = parseNotes(sink.notes.at(-1) ?? '').at(-1);
    if (newest === undefined) throw new Error('nothing was put outside');
    return newest;
  };
  return { ...test, audit, checkpoints, sink, log, outside, close };
}
