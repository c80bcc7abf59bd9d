/**
 * CUDA: the contract of the kernels in `native/cuda`, run through the driver API by `native/gpu`. Where there is no
 * addon, no driver, no card or no module built, opening says so with a code, and the processor does the work.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { projectRoot } from '../../fsw/root';
import { native } from '../addon';
import type { NetworkInput, Picture } from '../image';
import type { ImageAddon } from '../image/addon';
import { badPreprocess } from '../image/checks';

/** The first device of this machine. */
export interface CudaDevice {
  readonly name: string;
  /** Compute capability, as "8.7". */
  readonly capability: string;
  readonly memoryBytes: number;
  /** Of CUDA that the driver speaks: 12060 for 12.6. */
  readonly driverVersion: number;
  /** Works in the host's memory (Jetson): nothing pinned is copied. */
  readonly integrated: boolean;
  readonly multiprocessors: number;
  /** GB/s of its memory by clock and bus; 0 where the driver does not tell. */
  readonly peakGbPerS: number;
}

/** Flags of a block: some column's check bits are not its data's; and one such column can't be put right. */
export const BLOCK_DIFFERS = 1;
export const BLOCK_UNCORRECTABLE = 2;

export interface Examined {
  /** A byte for each block of 2048 bytes, 0 where it is clean. */
  readonly flags: Uint8Array;
  /** CRC-32C of each page of 4096 bytes. */
  readonly crcs: Uint32Array;
}

/** GB/s over memory of the device. */
export interface CudaSpeeds {
  readonly scrub: number;
  readonly crc: number;
  readonly read: number;
  readonly copy: number;
}

export interface Quantised {
  readonly bytes: Int8Array;
  /** One for each started block of 32 values. */
  readonly scales: Float32Array;
}

/**
 * The kernels on an open device. All run off the main thread, one at a time; what they read must not change meanwhile.
 * Each gives the same bits as its TypeScript reference. Errors: CUDA_FAILED.
 */
export interface CudaKernels {
  readonly device: CudaDevice;
  /** What the code was loaded from; ptx is compiled by the driver, for a device that the fatbin does not know. */
  readonly code: 'fatbin' | 'ptx';
  /** Keeps shared memory in place, so that a device that shares it works there without a copy. */
  pin(bytes: Uint8Array): Result<void>;
  /** Looks at whole pages and their check rows (`native/ecc` says the code); writes nothing. `scrub.ts` repairs. */
  examine(pages: Uint8Array, check: Uint8Array): Promise<Result<Examined>>;
  /** As in `native/image`, with its errors besides. At most 65535 crops. */
  preprocess(picture: Picture, crops: Uint32Array, input: NetworkInput): Promise<Result<Float32Array>>;
  /** As in `tensor.ts`. */
  quantise(values: Float32Array): Promise<Result<Quantised>>;
  dequantise(quantised: Quantised): Promise<Result<Float32Array>>;
  /** The median of `rounds` over `bytes` on the device. */
  speeds(bytes: number, rounds: number): Promise<Result<CudaSpeeds>>;
  close(): Promise<Result<void>>;
}

/** What the addon exports for this room; it throws where the contract answers. */
export interface CudaAddon {
  cudaInfo(library?: string): CudaDevice;
  cudaOpen(fatbin: Uint8Array, ptx?: Uint8Array, library?: string): CudaHandle;
}

export interface CudaHandle {
  readonly info: CudaDevice;
  readonly code: 'fatbin' | 'ptx';
  pin(bytes: Uint8Array): void;
  examine(pages: Uint8Array, check: Uint8Array): Promise<Examined>;
  preprocess(...args: Parameters<ImageAddon['preprocess']>): Promise<Float32Array>;
  quantise(values: Float32Array): Promise<Quantised>;
  dequantise(bytes: Int8Array, scales: Float32Array): Promise<Float32Array>;
  speeds(bytes: number, rounds: number): Promise<CudaSpeeds>;
  close(): Promise<void>;
}

/** Where CMake puts the module, seen from the project's folder. */
export const fatbinFile = join('build', 'native', 'perigee-cuda.fatbin');
export const ptxFile = join('build', 'native', 'perigee-cuda.ptx');

export interface CudaPlaces {
  readonly fatbin?: string;
  readonly ptx?: string;
  /** Another driver than the system's; tests give a double. */
  readonly library?: string;
}

/** What the machine has, kernels or not. Errors: CUDA_ABSENT. */
export function cudaDevice({ library }: CudaPlaces = {}): Result<CudaDevice> {
  const { addon } = native;
  if (addon === undefined) return fail('CUDA_ABSENT', { reason: `no addon: ${native.reason}` });
  return attempt('CUDA_ABSENT', () => addon.cudaInfo(library));
}

/** Opens the first device with the kernels. Errors: CUDA_ABSENT. */
export function openCuda(places: CudaPlaces = {}): Result<CudaKernels> {
  const opened = openHandle(places);
  return opened.ok ? succeed(kernelsOf(opened.value)) : opened;
}

/** For TensorRT, which shares the device. */
export function openHandle({ fatbin, ptx, library }: CudaPlaces = {}): Result<CudaHandle> {
  const { addon } = native;
  if (addon === undefined) return fail('CUDA_ABSENT', { reason: `no addon: ${native.reason}` });
  const file = fatbin ?? join(projectRoot, fatbinFile);
  const text = ptx ?? join(projectRoot, ptxFile);
  if (!existsSync(file))
    return fail('CUDA_ABSENT', { reason: `${fatbinFile} is not built (npm run setup:cuda)` });
  return attempt('CUDA_ABSENT', () =>
    addon.cudaOpen(readFileSync(file), existsSync(text) ? readFileSync(text) : undefined, library),
  );
}

function kernelsOf(handle: CudaHandle): CudaKernels {
  return {
    device: handle.info,
    code: handle.code,
    pin: (bytes) => attempt('CUDA_FAILED', () => handle.pin(bytes)),
    examine: (pages, check) => answer(() => handle.examine(pages, check)),
    async preprocess(picture, crops, input) {
      const { data, width, height, channels } = picture;
      const size = (crops.length / 4) * channels * input.width * input.height;
      const out = attempt('CUDA_FAILED', () => new Float32Array(size));
      if (!out.ok) return out;
      const { mean, std } = input;
      return (
        badPreprocess(picture, crops, input, out.value) ??
        answer(() =>
          handle.preprocess(
            data,
            width,
            height,
            channels,
            crops,
            input.width,
            input.height,
            mean,
            std,
            out.value,
          ),
        )
      );
    },
    quantise: (values) => answer(() => handle.quantise(values)),
    dequantise: ({ bytes, scales }) => answer(() => handle.dequantise(bytes, scales)),
    speeds: (bytes, rounds) => answer(() => handle.speeds(bytes, rounds)),
    close: () => answer(() => handle.close()),
  };
}

function attempt<T>(code: 'CUDA_ABSENT' | 'CUDA_FAILED', call: () => T): Result<T> {
  try {
    return succeed(call());
  } catch (error) {
    return fail(code, { reason: error instanceof Error ? error.message : String(error) });
  }
}

async function answer<T>(call: () => Promise<T>): Promise<Result<T>> {
  try {
    return succeed(await call());
  } catch (error) {
    return fail('CUDA_FAILED', { reason: error instanceof Error ? error.message : String(error) });
  }
}
