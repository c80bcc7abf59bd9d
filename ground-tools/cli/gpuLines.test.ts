import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { native } from '../../native/addon';
import { emulatedDriver } from '../../native/cuda/emulation/build';
import { doubleShim } from '../../native/tensorrt/emulation/build';
import { gpuLines } from './gpuLines';

const nowhere = {
  library: '/nowhere/libcuda.so.1',
  fatbin: '/nowhere/x.fatbin',
  shim: '/nowhere/shim.so',
};
const driver = native.addon ? emulatedDriver() : { reason: 'no addon' };
const shim = native.addon ? doubleShim() : { reason: 'no addon' };
const missing = driver.reason || shim.reason;

it('says why CUDA and TensorRT are not here, and who does their work', async () => {
  const lines = await gpuLines('/nowhere', nowhere);
  expect(lines.map(({ there, name }) => `${name} ${there}`)).toEqual([
    'GPU device false',
    'GPU kernels false',
    'TensorRT shim false',
  ]);
  expect(lines.every(({ text }) => text !== '')).toBe(true);
  expect(lines[1].text).toContain('npm run setup:cuda');
});

const title = 'tells device, driver, kernels and versions where they are';
it.skipIf(missing !== '')(missing === '' ? title : `${title} (skipped: ${missing})`, async () => {
  const fatbin = join(mkdtempSync(join(tmpdir(), 'perigee-doctor-')), 'test.fatbin');
  writeFileSync(fatbin, Buffer.from([0x50, 0xed, 0x55, 0xba, 0, 0, 0, 0]));
  const lines = await gpuLines('/nowhere', { library: driver.file, fatbin, shim: shim.file });
  expect(lines.map(({ text }) => text)).toEqual([
    'CPU emulation of CUDA (test double, no card), compute capability 8.7, 1.0 GiB, driver for CUDA 12.6',
    fatbin,
    'libnvinfer 10.3.0, shim for 10.3.0',
  ]);
  const built = await gpuLines('/nowhere', { ...nowhere, fatbin });
  expect(built[1].text).toMatch(/^built, not run: CUDA: /);
});
