/**
 * The addon, loaded by a loader of our own that records why it is absent: nothing here throws, and whoever asks
 * gets the TypeScript reference instead (`native/README.md`).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../fsw/root';
import type { BitsAddon } from './bits';
import type { CudaAddon } from './cuda';
import type { EccAddon } from './eccNative';
import type { ImageAddon } from './imageAddon';
import type { TensorAddon } from './tensor';
import type { TensorRtAddon } from './tensorrt';
import type { TimerAddon } from './timer';

/** Of `native/addon/src/lib.rs`: an addon that says another number was built from other sources. */
const ABI = 4;

/** What the addon exports, by room. Each kernel's contract is in the TypeScript of the same name. */
export interface Addon
  extends CudaAddon,
    TensorRtAddon,
    ImageAddon,
    TensorAddon,
    BitsAddon,
    EccAddon,
    TimerAddon {
  abi(): number;
  /** The instructions that the kernels run with: avx2, neon or portable. */
  simd(): string;
}

export type LoadedAddon =
  | { readonly addon: Addon; readonly file: string }
  | { readonly addon: undefined; readonly reason: string };

/** Where set-up puts the addon of this machine, seen from the project's folder. */
export const addonFile = join('build', 'native', `perigee-${process.platform}-${process.arch}.node`);

/**
 * Loads the addon from `file`. Never throws: `reason` says in words for an operator why it is not there.
 * `PERIGEE_NATIVE=off` in the environment leaves it out, for tests and comparisons.
 */
export function loadAddon(file = join(projectRoot, addonFile), env = process.env): LoadedAddon {
  const without = (reason: string): LoadedAddon => ({ addon: undefined, reason });
  if (env.PERIGEE_NATIVE === 'off') return without('PERIGEE_NATIVE=off');
  if (!existsSync(file))
    return without(`not built: ${addonFile} is not there (set-up builds it where cargo is)`);
  try {
    const addon = require(file) as Addon;
    const abi = addon.abi();
    return abi === ABI
      ? { addon, file }
      : without(`built for ABI ${abi}, this is ${ABI}: npm run setup builds it again`);
  } catch (error) {
    return without(error instanceof Error ? error.message.split('\n')[0] : String(error));
  }
}

/** The addon of this process, loaded once. */
export const native: LoadedAddon = loadAddon();
