/**
 * `npm test`: every check of the house, in order, and at the end a line for each: which passed, which failed,
 * and the command that runs a failed one alone.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  { name: 'types', command: 'npm run typecheck', bin: 'typescript/bin/tsc', args: ['--noEmit', '-p', '.'] },
  {
    name: 'tests',
    command: 'npx vitest run --coverage',
    bin: 'vitest/vitest.mjs',
    args: ['run', '--coverage', '--reporter=default', '--reporter=json', '--outputFile.json=out/tests.json'],
  },
];

function runStep({ name, command, bin, args }) {
  console.log(`\n── ${name} ${'─'.repeat(70 - name.length)}`);
  const startedAt = performance.now();
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', bin), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return { name, command, passed: status === 0, seconds: (performance.now() - startedAt) / 1000 };
}

const ready = setup();
if (ready !== 0) process.exit(ready);
mkdirSync(join(root, 'out'), { recursive: true });
const results = steps.map(runStep);
writeFileSync(join(root, 'out/checks.json'), JSON.stringify(results));

console.log(`\n── summary ${'─'.repeat(63)}`);
for (const { name, command, passed, seconds } of results) {
  console.log(
    `${passed ? 'passed' : 'FAILED'}  ${name.padEnd(8)}${seconds.toFixed(1).padStart(6)} s  ${passed ? '' : command}`,
  );
}
if (results.some(({ passed }) => !passed)) process.exitCode = 1;
