/** A process for the tests to kill: appends with 8 callers without end, and says each invocation whose append resolved. */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openAuditLog } from '../../../src/audit/log.ts';

const quiet = (): void => undefined;
const audit = await openAuditLog({
  folder: process.argv[2] ?? '',
  clock: { now: () => Date.now() },
  random: { bytes: (length) => randomBytes(length) },
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
});

async function call(caller: number): Promise<void> {
  for (let n = 0; ; n++) {
    const invocation = `c${caller}-${n}`;
    await audit.append({ type: 'Planned', invocation, fields: {} });
    writeSync(1, `${invocation}\n`);
  }
}
await Promise.all(Array.from({ length: 8 }, (_, caller) => call(caller)));
