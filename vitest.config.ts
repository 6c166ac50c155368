import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/exercised-actions.ts', 'test/log-scan.ts', 'test/support/dynamodb-of-run.ts'],
    // Two shared cores: a start of DynamoDB Local alone can take half a minute.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
