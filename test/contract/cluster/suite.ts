import { describe } from 'vitest';
import { applySuite } from './apply-suite.ts';
import { changeSuite } from './change-suite.ts';
import { execSuite } from './exec-suite.ts';
import { type Target, useHarness } from './harness.ts';
import { logsSuite } from './logs-suite.ts';
import { readSuite } from './read-suite.ts';
import { resolveSuite } from './resolve-suite.ts';

/** What every cluster must do; the sandbox promises no less than the real server. */
export function clusterContract(name: string, start: () => Promise<Target>): void {
  describe(`the cluster port on ${name}`, () => {
    const harness = useHarness(start);
    resolveSuite(harness);
    readSuite(harness);
    applySuite(harness);
    changeSuite(harness);
    execSuite(harness);
    logsSuite(harness);
  });
}
