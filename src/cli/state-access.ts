import type { Composition } from '../composition.ts';
import { loadConfig } from '../config.ts';
import { processUser } from '../identity/local.ts';
import type { ExitCode, Io } from './io.ts';
import { createLog } from './log.ts';

export interface StateOptions {
  readonly config?: string;
  readonly sandbox?: boolean;
  readonly json?: boolean;
}

/** Runs a command of the operator over the state directory of a configuration. */
export async function withState(
  options: StateOptions,
  io: Io,
  use: (composition: Composition) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { config } = await loadConfig(options.config, io.env);
  const { compose } = await import('../compose.ts');
  const log = createLog(io.stderr, io.env.COUNTERSIGN_LOG ?? 'warn');
  const sandbox = options.sandbox === true;
  const composition = await compose(config, { sandbox, serves: false, env: io.env, log });
  try {
    return await use(composition);
  } finally {
    await composition.close();
  }
}

/** Whoever runs the command, for the log. Through sudo it is who ran sudo; the owner of the state may do this without. */
export function operator({ localUser }: Composition): string {
  try {
    return localUser();
  } catch {
    return processUser().username;
  }
}
