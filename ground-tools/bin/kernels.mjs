/** The Rust kernels' and the GPU loader's own tests (`cargo test`), where cargo is: a step of `npm test`, counted test by test. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cargoTarget } from './native.mjs';

const packages = ['-p', 'perigee-kernels', '-p', 'perigee-gpu'];

export const command = `cd native && cargo test ${packages.join(' ')}`;

/**
 * Runs them and prints what cargo says. `skipped` is the reason why they can't run here; a build that fails is a
 * failure, one for which this machine has not the crates or too old a compiler is not.
 */
export function testKernels(root) {
  const cargo = (args, stdout) =>
    spawnSync('cargo', args, {
      cwd: join(root, 'native'),
      encoding: 'utf8',
      stdio: ['ignore', stdout, 'pipe'],
      env: { ...process.env, CARGO_TARGET_DIR: cargoTarget(root) },
    });
  if (process.env.PERIGEE_NATIVE === 'off') return skip('PERIGEE_NATIVE=off');
  if (cargo(['--version'], 'ignore').status !== 0) return skip('cargo is not here');
  const fetched = cargo(['fetch', '--locked', '--quiet'], 'ignore');
  if (fetched.status !== 0) return skip(`the crates can't be had: ${errorOf(fetched.stderr)}`);
  const { status, stdout, stderr } = cargo(['test', '--locked', '--quiet', ...packages], 'pipe');
  console.log(`${stdout}${stderr}`.trim());
  if (/rustc \S+ is not supported by/.test(stderr)) return skip(errorOf(stderr));
  return { passed: status === 0, tests: resultsIn(stdout) };
}

/** Sums up the lines `test result: ok. 10 passed; 0 failed; 1 ignored; …`, one for each test program. */
export function resultsIn(text) {
  const tests = { passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, ignored] of text.matchAll(
    /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    tests.passed += Number(passed);
    tests.failed += Number(failed);
    tests.skipped += Number(ignored);
  }
  return tests;
}

function skip(reason) {
  console.log(`skipped: ${reason}`);
  return { passed: true, skipped: reason, tests: { passed: 0, failed: 0, skipped: 1 } };
}

function errorOf(stderr) {
  return (stderr.split('\n').find((line) => line.startsWith('error')) ?? stderr).trim();
}
