/** A release for arm64 as `perigee deploy` packs it, with the rig and compiled tests in it, to be run here in qemu. */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const require = createRequire(import.meta.url);

/** What Vitest's runner and assertions need, and what tests draw their cases with. */
const testPackages = ['@vitest/runner', '@vitest/expect', 'chai', 'fast-check'];

/**
 * Packs into `folder` the release, and the tests under `rooms`. Returns the compiled tests, by path in the release.
 * Throws with one line of what is missing.
 */
export function packBoard(folder, rooms, say) {
  const { pack } = require(join(root, 'dist/ground-tools/deploy/pack.js'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const packed = pack(
    {
      root,
      platform: { os: 'linux', arch: 'arm64' },
      mission: 'earth-watch',
      boardFile: join(root, 'fsw/missions/link-bench/flightBoard.json'),
      rig: true,
      packages: testPackages,
    },
    folder,
    say,
  );
  if (!packed.ok) throw new Error(packed.error.text);
  const vitest = join(folder, 'node_modules/vitest');
  mkdirSync(vitest);
  writeFileSync(
    join(vitest, 'index.js'),
    "module.exports = require('../../dist/hwtests/arm64/vitest.js');\n",
  );
  // What the tests of the GPU rooms compile.
  cpSync(join(root, 'native'), join(folder, 'dist/native'), {
    recursive: true,
    filter: (file) => !file.endsWith('.ts') && !/[\\/]target$/.test(file),
  });
  return rooms.flatMap((room) => testsIn(room)).map((test) => compile(folder, test));
}

/**
 * Programs that a test starts, by name, in a folder to be put before its PATH: this release's Node as it is started here,
 * and the board's compiler. Returns the folder.
 */
export function placePrograms(folder, prefix, cxx) {
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  const node = [...prefix, join(folder, 'bin/node')].map((word) => `'${word}'`).join(' ');
  for (const [name, command] of Object.entries({ node, 'c++': cxx })) {
    writeFileSync(join(programs, name), `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(join(programs, name), 0o755);
  }
  return programs;
}

function testsIn(room) {
  return readdirSync(join(root, room), { recursive: true })
    .map((name) => join(room, String(name)))
    .filter((name) => name.endsWith('.test.ts'))
    .sort();
}

function compile(folder, test) {
  const { transpileModule, ModuleKind, ScriptTarget } = require(join(root, 'node_modules/typescript'));
  const { outputText } = transpileModule(readFileSync(join(root, test), 'utf8'), {
    fileName: test,
    compilerOptions: {
      module: ModuleKind.CommonJS,
      target: ScriptTarget.ES2023,
      esModuleInterop: true,
    },
  });
  const compiled = join('dist', test.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(join(folder, compiled)), { recursive: true });
  writeFileSync(join(folder, compiled), outputText);
  return compiled;
}
