/**
 * `npm test`: every check of the house, in order, and at the end a line for each: which passed, which failed,
 * and the command that runs a failed one alone.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command as kernelsCommand, testKernels } from './kernels.mjs';
import { root, setup } from './setup.mjs';

const steps = [
  {
    name: 'lint',
    command: 'npm run lint',
    bin: '@biomejs/biome/bin/biome',
    args: ['ci', '--colors=off', '.'],
  },
  {
    name: 'layers',
    command: 'npm run layers',
    bin: 'dependency-cruiser/bin/dependency-cruise.mjs',
    args: ['--output-type', 'err', 'fsw', 'components', 'native', 'ground-tools', 'hwtests'],
  },
  { name: 'kernels', command: kernelsCommand, run: () => testKernels(root) },
  { name: 'types', command: 'npm run typecheck', bin: 'typescript/bin/tsc', args: ['--noEmit', '-p', '.'] },
  {
    name: 'tests',
    command: 'npx vitest run --coverage',
    bin: 'vitest/vitest.mjs',
    args: ['run', '--coverage', '--reporter=default', '--reporter=json', '--outputFile.json=out/tests.json'],
  },
];

function runStep({ name, command, run, ...node }) {
  console.log(`\n── ${name} ${'─'.repeat(70 - name.length)}`);
  const startedAt = performance.now();
  const result = run?.() ?? { passed: passes(node) };
  return { name, command, ...result, seconds: (performance.now() - startedAt) / 1000 };
}

function passes({ bin, args }) {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', bin), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status === 0;
}

const ready = setup();
if (ready !== 0) process.exit(ready);
mkdirSync(join(root, 'out'), { recursive: true });
const results = steps.map(runStep);
writeFileSync(join(root, 'out/checks.json'), JSON.stringify(results));

console.log(`\n── summary ${'─'.repeat(63)}`);
for (const { name, command, passed, skipped, seconds } of results) {
  const verdict = skipped !== undefined ? 'skipped' : passed ? 'passed' : 'FAILED';
  const note = skipped ?? (passed ? '' : command);
  console.log(`${verdict.padEnd(8)}${name.padEnd(8)}${seconds.toFixed(1).padStart(6)} s  ${note}`);
}
if (results.some(({ passed }) => !passed)) process.exitCode = 1;
