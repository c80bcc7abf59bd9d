/** Prints "passed failed skipped" of the last `npm test`: vitest's own counts, and one for each other check. */
import { readFileSync } from 'node:fs';

const read = (file) => JSON.parse(readFileSync(new URL(`../out/${file}`, import.meta.url), 'utf8'));
const tests = read('tests.json');
// The step "tests" is counted by its tests; failing all the same (coverage, a broken file) it counts as one.
const checks = read('checks.json').map(({ name, passed }) => ({
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
