/** For tests: the emulated driver, compiled by the host's compiler, or why it can't be. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Compiled {
  readonly file?: string;
  /** Why there is none. */
  readonly reason: string;
}

/** Compiles C++ `sources` to a library in a new folder under the system's temporary one. */
export function compileLibrary(
  name: string,
  sources: readonly string[],
  options: readonly string[],
): Compiled {
  const file = join(mkdtempSync(join(tmpdir(), 'perigee-gpu-')), name);
  // Contracting a multiplication and a subtraction into one would round differently from the card's intrinsics.
  const flags = ['-std=c++17', '-O1', '-ffp-contract=off', '-Wno-unknown-pragmas', '-shared', '-fPIC'];
  const { status, stderr, error } = spawnSync('c++', [...flags, ...options, ...sources, '-o', file], {
    encoding: 'utf8',
  });
  if (error) return { reason: 'there is no C++ compiler here (c++)' };
  return status === 0 ? { file, reason: '' } : { reason: `does not compile: ${stderr.slice(0, 400)}` };
}

/** The driver's double (`driver.cpp`). `integrated` makes its device work in the host's memory, as a Jetson's. */
export function emulatedDriver({ integrated = false } = {}): Compiled {
  const options = integrated ? ['-DPERIGEE_INTEGRATED'] : [];
  return compileLibrary('libcuda-emulated.so', [join(__dirname, 'driver.cpp')], options);
}
