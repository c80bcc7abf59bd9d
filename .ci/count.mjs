/**
 * Prints "passed failed skipped". Without an argument: of the last `npm test`, vitest's own counts and one for
 * each other check. With a file: of that vitest report (JSON) alone.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const out = new URL('../out/', import.meta.url);
const [report] = process.argv.slice(2);
const tests = read(report === undefined ? new URL('tests.json', out) : resolve(report));
// The step "tests" is counted by its tests; failing all the same (coverage, a broken file) it counts as one.
const checks = (report === undefined ? read(new URL('checks.json', out)) : []).map(({ name, passed }) => ({
  passed,
  counted: name === 'tests' && tests.numFailedTests > 0,
}));
const failed = checks.filter(({ passed, counted }) => !passed && !counted).length;
const passed = checks.filter((check) => check.passed).length;
console.log(
  tests.numPassedTests + passed,
  tests.numFailedTests + failed,
  tests.numPendingTests + tests.numTodoTests,
);
