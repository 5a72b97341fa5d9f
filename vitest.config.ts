import { configDefaults, defineConfig } from 'vitest/config';
import { SummaryReporter } from './test/support/control-plane/summary-reporter.ts';

/** What talks to a real API server; the rest needs none. */
const onCluster = [
  'test/cluster/**/*.test.ts',
  'test/contract/**/*.cluster.test.ts',
  'test/masking/**/*.cluster.test.ts',
  'test/e2e/**/*.test.ts',
];
const clusterOff = process.env.COUNTERSIGN_TEST_CLUSTER === 'off';
/** Matches no name: files are read, so that their tests can be counted, and none is run. */
const noTest = /(?!)/;

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: [
      'default',
      new SummaryReporter({ clusterOff, ownCluster: process.env.COUNTERSIGN_TEST_KUBECONFIG !== undefined }),
    ],
    projects: [
      {
        extends: true,
        test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...onCluster] },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: onCluster,
          ...(clusterOff
            ? { testNamePattern: noTest }
            : { globalSetup: './test/support/control-plane/global-setup.ts' }),
        },
      },
    ],
  },
});
