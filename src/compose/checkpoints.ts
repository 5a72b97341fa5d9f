import { join, sep } from 'node:path';
import { createCheckpoints } from '../audit/checkpoint/checkpoints.ts';
import type { CheckpointSink, SinkState } from '../audit/checkpoint/outbox.ts';
import type { Signer } from '../audit/checkpoint/signer.ts';
import type { AuditConfig } from '../audit/config.ts';
import type { OpenAuditLog } from '../audit/open-log.ts';
import type { Checkpoints } from '../domain/checkpoint.ts';
import type { Clock, Log, Random } from '../domain/environment.ts';
import { invalid } from '../domain/errors.ts';
import { lazy } from '../domain/lazy.ts';
import type { State } from '../domain/state.ts';

export interface CheckpointParts {
  /** Secrets in it are values by now. */
  readonly config: AuditConfig;
  readonly audit: OpenAuditLog;
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What the sinks of a running server do, for `doctor`. */
export const sinkFile = (root: string): string => join(root, 'checkpoint-sinks.json');

/** @throws Invalid for a sink inside of the state directory, which who changes the log changes too */
export async function openCheckpoints(parts: CheckpointParts): Promise<Checkpoints> {
  const { config, audit, state, clock, log } = parts;
  const { everyLines, everySeconds, mayWaitSeconds } = config.checkpoints;
  const changed = (states: readonly SinkState[]): void => {
    const failing = states.filter(({ failingSince }) => failingSince !== undefined);
    state.show(sinkFile(state.root), `${JSON.stringify({ failing })}\n`).catch((thrown: unknown) => {
      log.warn('the state of the checkpoint sinks cannot be kept', { cause: String(thrown) });
    });
  };
  return createCheckpoints({
    ...{ audit, clock, log, changed, everyLines, everySeconds, mayWaitSeconds },
    folder: join(state.root, 'audit'),
    signer: lateSigner(() => signerOf(parts)),
    sinks: await sinksOf(config, state.root),
    segmentBytes: config.segmentMegabytes * 1_048_576,
  });
}

async function sinksOf({ checkpoints: { sinks } }: AuditConfig, root: string): Promise<readonly CheckpointSink[]> {
  if (sinks.length === 0) return [];
  for (const sink of sinks) {
    if (!('file' in sink) || !sink.file.startsWith(root + sep)) continue;
    throw invalid(
      `audit.checkpoints.sinks names ${sink.file}, inside of the state directory`,
      'name a file on another disk, best one where this user may only add',
    );
  }
  const { createSink } = await import('../audit/checkpoint/sinks.ts');
  return sinks.map(createSink);
}

/** A start does not wait for a key: it is read, or made, for the first checkpoint. */
function lateSigner(load: () => Promise<Signer>): Signer {
  const signer = lazy(load);
  return { keys: async () => (await signer()).keys(), sign: async (text) => (await signer()).sign(text) };
}

async function signerOf({ config, state, clock, random }: CheckpointParts): Promise<Signer> {
  const { key, keyName, command, publicKey } = config.checkpoints;
  if (key === undefined && command === undefined) {
    const { stateKeys } = await import('../audit/checkpoint/state-keys.ts');
    return stateKeys(state, keyName, clock, random);
  }
  const { commandSigner, keySigner } = await import('../audit/checkpoint/signer.ts');
  return key === undefined ? commandSigner(command ?? [], publicKey ?? '') : keySigner(keyName ?? '', key);
}
