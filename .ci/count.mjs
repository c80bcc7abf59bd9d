/**
 * Prints "passed failed skipped". Without an argument: of the last `npm test`, vitest's and cargo's own counts, and
 * one for each check. With a file: of that vitest report (JSON) alone.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const out = new URL('../out/', import.meta.url);
const [report] = process.argv.slice(2);
const tests = read(report === undefined ? new URL('tests.json', out) : resolve(report));
const checks = report === undefined ? read(new URL('checks.json', out)) : [];
const kernels = checks.find(({ name }) => name === 'kernels')?.tests ?? { passed: 0, failed: 0, skipped: 0 };
// These two are counted by their tests; failing all the same (coverage, a broken file) they count as one.
const failedTests = { tests: tests.numFailedTests, kernels: kernels.failed };
const failed = checks.filter(({ name, passed }) => !passed && !failedTests[name]).length;
const passed = checks.filter(({ passed, skipped }) => passed && skipped === undefined).length;
console.log(
  tests.numPassedTests + kernels.passed + passed,
  tests.numFailedTests + kernels.failed + failed,
  tests.numPendingTests + tests.numTodoTests + kernels.skipped,
);
