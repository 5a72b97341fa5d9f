import { randomBytes } from 'node:crypto';
import type { Clock, Random } from './domain/environment.ts';

/** The real clock and randomness; everything else is given them. */
export const systemClock: Clock = { now: () => Date.now() };
export const systemRandom: Random = { bytes: (length) => randomBytes(length) };
