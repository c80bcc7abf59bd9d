import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../fsw/root';

const hasCmake = spawnSync('cmake', ['--version']).status === 0;
/** CMake finds these without a PATH: then there is nothing to do without. */
const installed = ['/usr/local/cuda/bin/nvcc', '/usr/include/aarch64-linux-gnu/NvInferRuntime.h'].find(
  existsSync,
);
const missing = hasCmake ? installed && `${installed} is here` : 'no cmake';

describe('npm run setup:cuda', () => {
  it('says in one line what is missing where there is no Python', () => {
    const folder = mkdtempSync(join(tmpdir(), 'perigee-cuda-'));
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(projectRoot, 'ground-tools/bin/cuda.mjs'), '--wheels'],
      { encoding: 'utf8', env: { PATH: folder, XDG_CACHE_HOME: folder } },
    );
    expect(status).toBe(1);
    expect(stderr.trim().split('\n').at(-1)).toMatch(
      /^perigee: nvcc can't be installed, Python 3 with venv and pip is needed: /,
    );
  });
});

const title = 'CMake configures and builds with neither CUDA nor TensorRT, and says so';
it.skipIf(missing !== undefined)(missing === undefined ? title : `${title} (skipped: ${missing})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-cmake-'));
  for (const part of ['CMakeLists.txt', 'native/cuda', 'native/tensorrt'])
    cpSync(join(projectRoot, part), join(folder, part), { recursive: true });
  // A PATH with CMake and what it calls, and no nvcc.
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const tool of ['cmake', 'make', 'ninja', 'uname', 'sh']) {
    const found = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();
    if (found !== '') symlinkSync(found, join(bin, tool));
  }
  const options = { encoding: 'utf8', cwd: folder, env: { PATH: bin } } as const;
  const build = join(folder, 'build');
  const configured = spawnSync('cmake', ['-S', '.', '-B', build], options);
  expect(configured.status, configured.stderr).toBe(0);
  expect(configured.stdout).toContain('Perigee: no nvcc: the CUDA kernels are not built');
  expect(configured.stdout).toContain('Perigee: no NvInferRuntime.h: the TensorRT shim is not built');
  expect(spawnSync('cmake', ['--build', build], options).status).toBe(0);
});
