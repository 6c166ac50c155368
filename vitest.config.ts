import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that start a stack or a browser, the longest first: begun last, they leave one of two cores idle at the end. */
const LONG = ['test/console/', 'test/e2e/', 'storage/faults', 'test/local/', 'search/properties', 'storage/capacity'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONG.findIndex((part) => moduleId.includes(part));
      return at < 0 ? LONG.length : at;
    };
    // What was sorted before stays in order within a rank.
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/exercised-actions.ts', 'test/log-scan.ts', 'test/support/dynamodb-of-run.ts'],
    // Two shared cores: a start of DynamoDB Local alone can take half a minute. Nothing here measures time, so nobody is cut short.
    testTimeout: 300_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
    // One more than the cores of the machine that this runs on: who waits for a browser, a stream or half a minute needs none.
    maxWorkers: 3,
    // Packages are loaded once a worker and not once a file: a process a file cost 100 s of a run (2026-11-22).
    isolate: false,
    setupFiles: ['test/support/fresh-modules.ts'],
    sequence: { sequencer: LongestFirst },
  },
});
