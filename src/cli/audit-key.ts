import { keySigner } from '../audit/checkpoint/signer.ts';
import { type StateKeys, stateKeys } from '../audit/checkpoint/state-keys.ts';
import { loadConfig, stateRoot } from '../config.ts';
import { invalid } from '../domain/errors.ts';
import { openState } from '../state/state.ts';
import { systemClock, systemRandom } from '../system.ts';
import type { AuditOptions } from './audit.ts';
import { type ExitCode, type Io, json, line } from './io.ts';
import { createLog } from './log.ts';

export interface KeyCommand extends AuditOptions {
  readonly rotate?: boolean;
}

/** The public halves, one a line, for whoever verifies to keep elsewhere. */
export async function auditKey(options: KeyCommand, io: Io): Promise<ExitCode> {
  const { config } = await loadConfig(options.config, io.env);
  const { key, keyName, command, publicKey } = config.audit.checkpoints;
  if (key !== undefined || command !== undefined) {
    if (options.rotate === true)
      throw invalid(
        'the audit key is not in the state directory',
        'replace it where audit.checkpoints says that it is',
      );
    return print(
      key === undefined ? [publicKey ?? ''] : (await keySigner(keyName ?? '', key).keys()).map(({ text }) => text),
      options,
      io,
    );
  }
  const log = createLog(io.stderr, io.env.COUNTERSIGN_LOG);
  const state = await openState({ root: stateRoot(config, io.env), clock: systemClock, random: systemRandom, log });
  try {
    const keys = stateKeys(state, keyName, systemClock, systemRandom);
    if (options.rotate === true) await keys.rotate();
    return print(await published(keys), options, io);
  } finally {
    await state.close();
  }
}

async function published(keys: StateKeys): Promise<readonly string[]> {
  // Made now if no checkpoint was signed yet.
  await keys.keys();
  const all = await keys.published();
  return all.toSorted((a, b) => Number(a.current) - Number(b.current)).map(({ key }) => key.text);
}

function print(keys: readonly string[], options: AuditOptions, io: Io): ExitCode {
  if (options.json === true) json(io, { keys });
  else for (const text of keys) line(io, text);
  return 0;
}
