import { createHmac, timingSafeEqual } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../domain/environment.ts';
import type { State } from '../../domain/state.ts';

/** Seconds that a request's timestamp may differ from our clock, in either direction. */
const tolerance = 300;

interface SignedRequest {
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly body: string;
}

/** Why a request is not believed; undefined: Slack sent it, and for the first time. */
export type Verify = (request: SignedRequest) => Promise<'unsigned' | 'stale' | 'forged' | 'replayed' | undefined>;

/**
 * https://docs.slack.dev/authentication/verifying-requests-from-slack. Each signature is good once: it is kept in the state
 * directory for as long as its timestamp would be taken, so that a restart forgets none.
 */
export function createVerifier(parts: {
  readonly signingSecret: string;
  readonly clock: Clock;
  readonly state: Pick<State, 'folder' | 'createExclusive'>;
}): Verify {
  const { signingSecret, clock, state } = parts;
  let sweptAt = Number.NEGATIVE_INFINITY;
  return async ({ timestamp, signature, body }) => {
    if (timestamp === undefined || signature === undefined || !/^\d{1,12}$/.test(timestamp)) return 'unsigned';
    const now = clock.now() / 1_000;
    if (Math.abs(now - Number(timestamp)) > tolerance) return 'stale';
    const expected = `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
    if (!equal(signature, expected)) return 'forged';
    const folder = await state.folder('slack-requests');
    if (now - sweptAt > tolerance) {
      sweptAt = now;
      await sweep(folder, now);
    }
    return (await state.createExclusive(join(folder, `${timestamp}-${expected.slice(3)}`), ''))
      ? undefined
      : 'replayed';
  };
}

function equal(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Those whose timestamp is refused by itself. */
async function sweep(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const timestamp = Number(/^(\d+)-/.exec(name)?.[1] ?? 'NaN');
    if (Math.abs(now - timestamp) > 2 * tolerance) await unlink(join(folder, name)).catch(() => undefined);
  }
}
