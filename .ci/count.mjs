// Prints `N passed, N failed` for the checks around the tests and the tests together, and fails when anything failed.
// node .ci/count.mjs REPORT CHECKS_PASSED CHECKS_FAILED VITEST_EXIT_CODE
import { existsSync, readFileSync } from 'node:fs';

const [file, checksPassed, checksFailed, exitCode] = process.argv.slice(2);
const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
const files = report?.testResults ?? [];

// A file that does not load, or whose preparation fails, has no failed test in it, but it failed.
const unloaded = files.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
).length;
const tests = (report?.numFailedTests ?? 0) + unloaded;
// An error outside of any test, or no report at all.
const elsewhere = exitCode !== '0' && tests === 0 ? 1 : 0;

const passed = (report?.numPassedTests ?? 0) + Number(checksPassed);
const failed = tests + elsewhere + Number(checksFailed);
if (report) console.log(`tests: ${report.numPassedTests} passed, ${tests} failed, ${report.numPendingTests} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
