import { open } from '../domain/masked.ts';
import type { Masker } from '../domain/masker.ts';
import type { Io } from './io.ts';
import type { OperatorLog } from './log.ts';

/** What operators read of a server, its log and its crash, passes the mask with all that it holds. */
export function maskOperators(masker: Masker, log: OperatorLog, io: Io): void {
  const mask = (text: string): string => open(masker.text(text));
  log.maskWith(mask);
  io.maskCrash?.(mask);
}
