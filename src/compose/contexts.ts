import type { Config } from '../config.ts';
import type { Contexts } from '../domain/contexts.ts';

/** The clusters that agents can choose between; none in the sandbox, which is one. */
export const contextsOf = (config: Config | undefined, sandbox: boolean): Contexts => ({
  names: sandbox ? [] : Object.keys(config?.clusters ?? {}),
  forReads: config?.defaultContext,
});
