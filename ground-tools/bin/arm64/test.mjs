/**
 * `npm run test:arm64`: the kernels' own tests, the tests of the addon against the reference, and a short flight, all as
 * arm64 programs (in qemu on an x64 machine). Rooms given as arguments take the place of `native`. The last line counts.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, setup } from '../setup.mjs';
import { packBoard, placePrograms } from './board.mjs';
import { arm64Addon, buildArm64 } from './build.mjs';
import { cargoEnvironment, crossCompiler, hostRefusal, runPrefix, TARGET } from './toolchain.mjs';

const FLIGHT = { orbits: '0.2', seed: '7' };

const counts = { passed: 0, failed: 0, skipped: 0 };
const say = (line) => console.log(`test:arm64: ${line}`);

/** Counts one thing that is checked here and not by a runner of its own. */
function check(name, holds, otherwise = '') {
  counts[holds ? 'passed' : 'failed']++;
  console.log(`${holds ? 'passed  ' : 'FAILED  '}${name}${holds ? '' : `: ${otherwise}`}`);
}

function skip(name, why) {
  counts.skipped++;
  console.log(`skipped ${name}: ${why}`);
}

function addUp(passed, failed, skipped) {
  counts.passed += Number(passed);
  counts.failed += Number(failed);
  counts.skipped += Number(skipped);
}

/** The output of a program, shown as it comes to an end. */
function run(command, args, options = {}) {
  const { status, stdout, error } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
    ...options,
  });
  process.stdout.write(stdout ?? '');
  return { ended: error?.message ?? status, stdout: stdout ?? '' };
}

function title(text) {
  console.log(`\n── ${text} ${'─'.repeat(70 - text.length)}`);
}

function cargoTests(env) {
  title('cargo test (kernels)');
  const args = [
    'test',
    '--release',
    '--locked',
    '--quiet',
    '--lib',
    '-p',
    'perigee-kernels',
    '--target',
    TARGET,
  ];
  const { ended, stdout } = run('cargo', args, { cwd: join(root, 'native'), env });
  const results = [...stdout.matchAll(/(\d+) passed; (\d+) failed; (\d+) ignored/g)];
  for (const [, passed, failed, ignored] of results) addUp(passed, failed, ignored);
  if (ended !== 0 && results.every(([, , failed]) => failed === '0'))
    check('cargo test ends well', false, `it ended with ${ended}`);
}

function addonTests(prefix, folder, tests, programs) {
  title('tests of the addon and the reference');
  const node = [...prefix, join(folder, 'bin/node')];
  const [command, ...first] = node;
  const asked = run(command, [
    ...first,
    '-p',
    `require('${folder}/dist/native/addon.js').native.addon?.simd()`,
  ]);
  check(
    'the addon is loaded and runs with neon',
    asked.stdout.trim() === 'neon',
    `simd: ${asked.stdout.trim()}`,
  );
  const { ended, stdout } = run(command, [...first, join(folder, 'dist/hwtests/arm64/suite.js'), ...tests], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${programs}:${process.env.PATH}`,
      // In qemu, a program of arm64 can't start itself.
      PERIGEE_EXEC_PATH: join(programs, 'node'),
    },
  });
  const last = /(\d+) passed, (\d+) failed, (\d+) skipped\n$/.exec(stdout);
  if (last) addUp(last[1], last[2], last[3]);
  if (!last || (ended !== 0 && last[2] === '0'))
    check('the suite ends well', false, `it ended with ${ended}`);
}

function flights(prefix, folder) {
  title('a flight here and there');
  const out = mkdtempSync(join(tmpdir(), 'perigee-arm64-'));
  const [here, there] = ['here', 'arm64'].map((name) => join(out, name));
  const flight = 'dist/hwtests/arm64/flight.js';
  for (const [where, command] of [
    [here, [process.execPath, join(root, flight)]],
    [there, [...prefix, join(folder, 'bin/node'), join(folder, flight)]],
  ]) {
    mkdirSync(where);
    const { ended } = run(command[0], [...command.slice(1), where, FLIGHT.orbits, FLIGHT.seed]);
    check(
      `a flight of ${FLIGHT.orbits} orbits ends with a report (${where.slice(out.length + 1)})`,
      ended === 0,
      `it ended with ${ended}`,
    );
  }
  const same = (name) => {
    const files = [here, there].map((where) => join(where, name));
    return files.every(existsSync) && hashOf(files[0]) === hashOf(files[1]);
  };
  const names = `${process.arch} and arm64`;
  check(`both reports are the same, byte for byte (${names})`, same('report.json'), out);
  check(`the ground received the same, when and what (${names})`, same('received.jsonl'), out);
  if (counts.failed === 0) rmSync(out, { recursive: true });
}

function hashOf(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function testArm64(rooms) {
  const refusal = hostRefusal();
  if (refusal) return skip('test:arm64 (cargo tests, addon suite, flight)', refusal);
  let env;
  let prefix;
  let tests;
  let programs;
  const folder = join(root, 'build/arm64/board');
  try {
    prefix = runPrefix(say);
    env = cargoEnvironment(say, prefix);
  } catch (error) {
    return skip('test:arm64 (cargo tests, addon suite, flight)', error.message);
  }
  cargoTests(env);
  try {
    buildArm64(say, env);
    tests = packBoard(folder, rooms, say);
    programs = placePrograms(folder, prefix, crossCompiler(say, 'g++'));
  } catch (error) {
    return check('the addon and a release are built for arm64', false, error.message);
  }
  check(`${arm64Addon} is built`, true);
  addonTests(prefix, folder, tests, programs);
  flights(prefix, folder);
}

const ready = setup();
if (ready !== 0) process.exit(ready);
const startedAt = performance.now();
testArm64(process.argv.length > 2 ? process.argv.slice(2) : ['native']);
say(`${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
if (counts.failed > 0) process.exitCode = 1;
