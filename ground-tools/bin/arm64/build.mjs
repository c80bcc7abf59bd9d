/** `npm run build:arm64`: the addon for arm64, at build/native/perigee-linux-arm64.node, and what it asks of a board. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyWhole } from '../native.mjs';
import { cargoEnvironment, hostRefusal, TARGET } from './toolchain.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Ubuntu 22.04's, which JetPack 6 stands on. */
const GLIBC_MINOR = 35;

export const arm64Addon = join(root, 'build/native/perigee-linux-arm64.node');

/** Builds the addon. Throws with one line of what is missing or wrong. */
export function buildArm64(say, env = cargoEnvironment(say)) {
  const { status } = spawnSync(
    'cargo',
    ['build', '--release', '--locked', '--quiet', '-p', 'perigee-addon', '--target', TARGET],
    { cwd: join(root, 'native'), env, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (status !== 0) throw new Error('the addon does not build for arm64: the lines above say why');
  copyWhole(join(env.CARGO_TARGET_DIR, TARGET, 'release/libperigee_addon.so'), arm64Addon);
  const needed = glibcNeeded(arm64Addon);
  if (needed > GLIBC_MINOR)
    throw new Error(`the addon needs glibc 2.${needed}; JetPack 6 has 2.${GLIBC_MINOR}`);
  say(`${arm64Addon}: needs glibc 2.${needed} (JetPack 6 has 2.${GLIBC_MINOR})`);
}

/** The newest glibc whose symbols a library names: 34 for GLIBC_2.34. */
export function glibcNeeded(file) {
  const named = readFileSync(file, 'latin1').matchAll(/GLIBC_2\.(\d+)/g);
  return Math.max(0, ...[...named].map(([, minor]) => Number(minor)));
}

/**
 * What CMake can build for arm64 here: the TensorRT shim, where its headers are. The CUDA kernels are code for the card,
 * the same for any host: those that `npm run setup:cuda` built serve a board too.
 */
function buildGpuParts(say) {
  const toolchain = join(root, 'native/cuda/arm64.cmake');
  const built = join(root, 'build/cmake-arm64');
  const native = join(root, 'build/native');
  if (existsSync(toolchain)) {
    const settings = [`-DCMAKE_TOOLCHAIN_FILE=${toolchain}`, `-DPERIGEE_OUT=${native}`];
    const configured = spawnSync('cmake', ['-S', root, '-B', built, ...settings], { encoding: 'utf8' });
    const { status, stderr } =
      configured.status === 0 ? spawnSync('cmake', ['--build', built], { encoding: 'utf8' }) : configured;
    for (const [, line] of (configured.stdout ?? '').matchAll(/Perigee: (.*)/g)) say(line);
    if (status !== 0)
      say(`CMake: ${configured.error?.message ?? stderr.trim().split('\n')[0]}: no TensorRT shim for arm64`);
  }
  const kernels = existsSync(join(native, 'perigee-cuda.fatbin'));
  say(
    kernels
      ? 'CUDA kernels: build/native/perigee-cuda.fatbin serves every host'
      : 'CUDA kernels: not built (npm run setup:cuda): a board runs on its CPU',
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const say = (line) => console.log(`build:arm64: ${line}`);
  try {
    const refusal = hostRefusal();
    if (refusal) throw new Error(refusal);
    buildArm64(say);
    buildGpuParts(say);
  } catch (error) {
    console.error(`build:arm64: ${error.message}`);
    process.exitCode = 1;
  }
}
