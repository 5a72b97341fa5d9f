import { loadConfig, stateRoot } from '../config.ts';
import { openState, rotateStateKey } from '../state/state.ts';
import { systemClock, systemRandom } from '../system.ts';
import { type ExitCode, type Io, json, line } from './io.ts';
import { createLog } from './log.ts';
import type { StateOptions } from './state-access.ts';

/** A new key to seal with. What older keys sealed stays readable as long as their files are there. */
export async function rotateKeyOfState(options: StateOptions, io: Io): Promise<ExitCode> {
  const { config } = await loadConfig(options.config, io.env);
  const log = createLog(io.stderr, io.env.COUNTERSIGN_LOG ?? 'warn');
  const state = await openState({ root: stateRoot(config, io.env), clock: systemClock, random: systemRandom, log });
  try {
    const id = await rotateStateKey(state, systemClock, systemRandom);
    if (options.json === true) json(io, { key: id });
    else line(io, `${id}: servers that start from now on seal with it; restart those that run.`);
    return 0;
  } finally {
    await state.close();
  }
}
