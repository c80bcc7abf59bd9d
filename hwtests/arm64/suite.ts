/**
 * Runs compiled tests of Vitest in this process, with Vitest's own runner: `node dist/hwtests/arm64/suite.js <file> …`. The last
 * line is `N passed, N failed, N skipped`.
 */
import { resolve } from 'node:path';
import { type File, startTests, type Task, type VitestRunner } from '@vitest/runner';
import { projectRoot } from '../../fsw/root';
import '../seed';

const TEST_TIMEOUT_MS = 300_000;

const runner: VitestRunner = {
  config: {
    root: projectRoot,
    name: process.arch,
    setupFiles: [],
    passWithNoTests: false,
    testNamePattern: undefined,
    allowOnly: false,
    sequence: { seed: 0, hooks: 'stack', setupFiles: 'list' },
    chaiConfig: undefined,
    maxConcurrency: 1,
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    retry: 0,
    includeTaskLocation: false,
    tags: [],
    tagsFilter: undefined,
    strictTags: false,
  },
  importFile: (file) => void require(file),
};

async function main(files: readonly string[]): Promise<void> {
  // For tests that start a Node of their own.
  process.execPath = process.env.PERIGEE_EXEC_PATH ?? process.execPath;
  const done = await startTests(
    files.map((file) => resolve(file)),
    runner,
  );
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of done) count(file, [], counts);
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  // A worker or a timer of a test must not keep us.
  process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
}

type Counts = Record<'passed' | 'failed' | 'skipped', number>;

/** Counts and prints the tests under a task; a file that can't be loaded counts as one that failed. */
function count(task: File | Task, above: readonly string[], counts: Counts): void {
  const path = [...above, task.name];
  const { state, errors = [] } = task.result ?? {};
  if (task.type === 'suite') {
    for (const inner of task.tasks) count(inner, path, counts);
    if (errors.length === 0) return;
  }
  const verdict = state === 'pass' ? 'passed' : state === 'fail' ? 'failed' : 'skipped';
  counts[verdict]++;
  console.log(`${verdict.padEnd(8)}${path.join(' > ')}`);
  for (const { message, stack } of errors) console.log(`        ${message}\n${stack ?? ''}`);
}

if (require.main === module) void main(process.argv.slice(2));
