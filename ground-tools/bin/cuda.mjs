/**
 * `npm run setup:cuda`: gets NVIDIA's compiler as Python wheels into the cache outside of the checkout (no root needed,
 * some 350 MB), and lets CMake build the CUDA kernels, and the TensorRT shim where its headers are. A machine
 * with an nvcc of its own (a Jetson) uses that, unless told `-- --wheels`. Other arguments go to CMake.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './native.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** nvcc with what it calls; and ptxas of the CUDA that JetPack 6 drivers speak. */
const wheels = [
  'nvidia-cuda-nvcc==13.5.37',
  'nvidia-cuda-crt==13.5.37',
  'nvidia-nvvm==13.5.37',
  'nvidia-cuda-runtime==13.5.37',
  'nvidia-cuda-cccl==13.3.5.0.6',
  'nvidia-cuda-nvcc-cu12==12.6.85',
];

/** Returns an exit code. */
export function setupCuda(args) {
  const tools = hasNvcc() && !args.includes('--wheels') ? [] : toolchain();
  if (tools === undefined) return 1;
  const build = join(root, 'build/cmake');
  return (
    cmake(['-S', root, '-B', build, ...tools, ...args.filter((arg) => arg !== '--wheels')]) ||
    cmake(['--build', build])
  );
}

function hasNvcc() {
  return (
    existsSync('/usr/local/cuda/bin/nvcc') ||
    spawnSync('nvcc', ['--version'], { stdio: 'ignore' }).status === 0
  );
}

/** What CMake is told of the wheels, which are installed once; undefined when they can't be, and the reason was said. */
function toolchain() {
  const folder = join(cacheFolder(), `cuda-${wheels[0].split('==')[1]}`);
  const [bin, python] = process.platform === 'win32' ? ['Scripts', 'python'] : ['bin', 'python3'];
  const stamp = join(folder, 'complete');
  if (!existsSync(stamp)) {
    say(`installing nvcc into ${folder} …`);
    const steps = [
      [python, ['-m', 'venv', folder]],
      [join(folder, bin, 'python'), ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', ...wheels]],
      [join(folder, bin, 'python'), ['-c', `open(${JSON.stringify(stamp)}, "w")`]],
    ];
    for (const [program, args] of steps) {
      const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
      if (status !== 0) {
        say(
          `nvcc can't be installed, Python 3 with venv and pip is needed: ${error?.message ?? lastLine(stderr)}`,
        );
        return undefined;
      }
    }
  }
  const packages = sitePackages(folder);
  return [
    `-DPERIGEE_NVCC=${join(packages, 'nvidia/cu13/bin/nvcc')}`,
    `-DPERIGEE_OLD_PTXAS=${join(packages, 'nvidia/cuda_nvcc/bin/ptxas')}`,
  ];
}

function sitePackages(folder) {
  const lib = join(folder, 'lib');
  const [version] = existsSync(lib) ? readdirSync(lib) : [];
  return version ? join(lib, version, 'site-packages') : join(folder, 'Lib/site-packages');
}

function cmake(args) {
  const { status, error } = spawnSync('cmake', args, { stdio: 'inherit' });
  if (error) say('CMake was not found: it builds the CUDA kernels (3.18 or newer).');
  return error ? 1 : (status ?? 1);
}

function lastLine(text = '') {
  return text.trim().split('\n').at(-1);
}

function say(line) {
  console.error(`perigee: ${line}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = setupCuda(process.argv.slice(2));
