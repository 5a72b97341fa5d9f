import { mkdirSync, writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** The sum over all suites. A file that could not be run at all counts as one failure. */
interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly leftOut: number;
}

declare module 'vitest' {
  interface TaskMeta {
    /** Of a file of the canary corpus: how many were looked for, and how many were seen. */
    canaries?: { readonly looked: number; readonly leaks: number };
  }
}

/**
 * Says at the end what of the canary corpus was seen, and what was left out: cluster tests, or what a cluster of somebody else cannot
 * show; and leaves the sum for CI.
 */
export class SummaryReporter implements Reporter {
  readonly #clusterOff: boolean;
  readonly #ownCluster: boolean;
  readonly #folder: string;

  /** `ownCluster`: the one that COUNTERSIGN_TEST_KUBECONFIG names. */
  constructor(options: { clusterOff: boolean; ownCluster?: boolean; folder?: string }) {
    this.#clusterOff = options.clusterOff;
    this.#ownCluster = options.ownCluster === true;
    this.#folder = options.folder ?? '.test-run';
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const summary = summarize(modules, unhandled.length);
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(`${this.#folder}/summary.json`, `${JSON.stringify(summary)}\n`);
    const canaries = modules.flatMap((module) => module.meta().canaries ?? []);
    if (canaries.length > 0) {
      const sum = (of: 'looked' | 'leaks'): number => canaries.reduce((all, each) => all + each[of], 0);
      process.stdout.write(`canaries ${sum('looked')}, leaks ${sum('leaks')}\n`);
    }
    if (this.#clusterOff)
      process.stdout.write(
        `${summary.leftOut} cluster tests were left out (COUNTERSIGN_TEST_CLUSTER=off): ` +
          'nothing was tested against a real API server.\n',
      );
    else if (this.#ownCluster)
      process.stdout.write(
        'Nothing was held to the audit log of the API server, which COUNTERSIGN_TEST_KUBECONFIG does not show: ' +
          'unset it, and each suite joins both logs at its end.\n',
      );
  }
}

function summarize(modules: readonly TestModule[], unhandled: number): Summary {
  const count = { passed: 0, failed: unhandled, skipped: 0, leftOut: 0 };
  for (const module of modules) {
    const before = count.failed;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') count.passed += 1;
      else if (state === 'failed') count.failed += 1;
      else count.skipped += 1;
      if (module.project.name === 'cluster' && state === 'skipped') count.leftOut += 1;
    }
    // A hook, an import or the globalSetup failed: no test says so.
    if (!module.ok() && count.failed === before) count.failed += 1;
  }
  return count;
}
