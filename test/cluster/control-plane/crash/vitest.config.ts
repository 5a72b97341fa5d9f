import { defineConfig } from 'vitest/config';

/** A run of its own for crash.test.ts to kill. */
export default defineConfig({
  test: {
    include: ['hangs.fixture.ts'],
    globalSetup: '../../../support/control-plane/global-setup.ts',
    testTimeout: 0,
  },
});
