import { Option } from 'commander';
import type { ExitCode } from './io.ts';

/** What a command's action ends with. */
export type End = (code: ExitCode) => void;

export const configOption = (): Option =>
  new Option('--config <file>', 'the configuration; default $COUNTERSIGN_CONFIG');
export const jsonOption = (): Option => new Option('--json', 'for programs');
export const sandboxOption = (what: string): Option => new Option('--sandbox', what);
