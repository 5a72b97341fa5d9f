import { setTimeout as wait } from 'node:timers/promises';

/**
 * Asks until the answer is there.
 * @param ask undefined or false: not yet; an error thrown is passed on at once
 * @param what for the error: "the pod runs"
 * @throws after `timeoutMs`, saying what did not happen
 */
export async function waitUntil<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 30_000,
  everyMs = 50,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s, and still not: ${what}`);
    await wait(everyMs);
  }
}
