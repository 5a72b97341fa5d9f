import { join } from 'node:path';
import { loadConfig } from '../../config.ts';
import { CountersignError } from '../../domain/errors.ts';
import { packageRoot } from '../../package.ts';
import { type GoodBundle, loadBundle } from '../../policy/bundle.ts';
import type { Io } from '../io.ts';

export interface PolicyOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** The folder that is named, else the configured one, else what is shipped. */
export async function policyFolder(
  folder: string | undefined,
  options: PolicyOptions & { readonly sandbox?: boolean },
  io: Io,
): Promise<string> {
  if (folder !== undefined) return folder;
  const { config } = await loadConfig(options.config, io.env);
  return config.policy?.folder ?? join(packageRoot, 'policies', options.sandbox === true ? 'sandbox' : 'strict');
}

/** @throws CountersignError with each fault on a line */
export async function goodBundle(folder: string): Promise<GoodBundle> {
  const bundle = await loadBundle(folder);
  if (bundle.rules !== undefined) return bundle;
  throw new CountersignError('Invalid', `The bundle ${folder} cannot be used.`, {
    lines: bundle.fault.split('\n'),
    hint: 'correct the file; docs/policy.md says what a rule may hold',
  });
}
