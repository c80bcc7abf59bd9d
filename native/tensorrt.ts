/**
 * TensorRT: the contract of the shim in `native/tensorrt`, which CMake builds where it finds TensorRT's headers. The
 * shim opens TensorRT itself when asked; where either is missing, opening says so with a code.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../fsw/errors';
import { projectRoot } from '../fsw/root';
import { native } from './addon';
import { type CudaDevice, type CudaHandle, type CudaPlaces, openHandle } from './cuda';

/** One input or output of a plan; a free side is -1. */
export interface PlanEnd {
  readonly name: string;
  readonly input: boolean;
  readonly float32: boolean;
  readonly shape: readonly number[];
}

/** A plan that is ready to run. Errors: TENSORRT_FAILED. */
export interface PlanEngine {
  readonly ends: readonly PlanEnd[];
  /** Runs `count` items, the first side of each end; the outputs by name. */
  run(count: number, input: Float32Array): Promise<Result<Readonly<Record<string, Float32Array>>>>;
  /** What runs ends first. */
  close(): void;
}

export interface TensorRt {
  /** Of libnvinfer, as "10.3.0". */
  readonly version: string;
  readonly device: CudaDevice;
  /** The shim can build plans: it was compiled with NvOnnxParser.h. */
  readonly builds: boolean;
  /** Builds a plan from an ONNX file, its weights beside it, for batches of 1 to `maxBatch`. Errors: TENSORRT_FAILED. */
  build(onnxFile: string, maxBatch: number): Promise<Result<Uint8Array>>;
  /** Errors: TENSORRT_FAILED. */
  open(plan: Uint8Array): Result<PlanEngine>;
  close(): Promise<void>;
}

/** What the addon exports for this room; it throws where the contract answers. */
export interface TensorRtAddon {
  tensorRtOpen(shim: string, library?: string): TensorRtHandle;
}

interface TensorRtHandle {
  readonly version: number;
  readonly headers: number;
  readonly builds: boolean;
  build(cuda: CudaHandle, onnxFile: string, maxBatch: number): Promise<Uint8Array>;
  engine(cuda: CudaHandle, plan: Uint8Array): EngineHandle;
  close(): void;
}

interface EngineHandle {
  readonly io: readonly PlanEnd[];
  run(count: number, input: Float32Array): Promise<Float32Array[]>;
  close(): void;
}

/** Where CMake puts the shim, seen from the project's folder. */
export const shimFile = join('build', 'native', `perigee-tensorrt-${process.platform}-${process.arch}.so`);

export interface TensorRtPlaces extends CudaPlaces {
  readonly shim?: string;
  /** Another libnvinfer than the one that the system has for the shim's major. */
  readonly nvinfer?: string;
}

/** Versions of the shim and of libnvinfer, without a device. Errors: TENSORRT_ABSENT. */
export function tensorRtVersion(
  places: TensorRtPlaces = {},
): Result<{ version: string; headers: string; builds: boolean }> {
  const opened = openShim(places);
  if (!opened.ok) return opened;
  const { version, headers, builds } = opened.value;
  opened.value.close();
  return succeed({ version: dotted(version), headers: dotted(headers), builds });
}

/** Opens TensorRT on the first CUDA device. Errors: TENSORRT_ABSENT, CUDA_ABSENT. */
export function openTensorRt(places: TensorRtPlaces = {}): Result<TensorRt> {
  const shim = openShim(places);
  if (!shim.ok) return shim;
  const cuda = openHandle(places);
  if (!cuda.ok) {
    shim.value.close();
    return cuda;
  }
  return succeed(tensorRtOf(shim.value, cuda.value));
}

function openShim({ shim, nvinfer }: TensorRtPlaces): Result<TensorRtHandle> {
  const { addon } = native;
  if (addon === undefined) return fail('TENSORRT_ABSENT', { reason: `no addon: ${native.reason}` });
  const file = shim ?? join(projectRoot, shimFile);
  if (!existsSync(file))
    return fail('TENSORRT_ABSENT', {
      reason: 'the shim is not built (CMake builds it with NvInferRuntime.h)',
    });
  try {
    return succeed(addon.tensorRtOpen(file, nvinfer));
  } catch (error) {
    return fail('TENSORRT_ABSENT', { reason: messageOf(error) });
  }
}

function tensorRtOf(shim: TensorRtHandle, cuda: CudaHandle): TensorRt {
  return {
    version: dotted(shim.version),
    device: cuda.info,
    builds: shim.builds,
    async build(onnxFile, maxBatch) {
      try {
        return succeed(await shim.build(cuda, onnxFile, maxBatch));
      } catch (error) {
        return fail('TENSORRT_FAILED', { reason: messageOf(error) });
      }
    },
    open(plan) {
      try {
        return succeed(engineOf(shim.engine(cuda, plan)));
      } catch (error) {
        return fail('TENSORRT_FAILED', { reason: messageOf(error) });
      }
    },
    async close() {
      shim.close();
      await cuda.close().catch(() => undefined);
    },
  };
}

function engineOf(handle: EngineHandle): PlanEngine {
  const ends = handle.io;
  const outputs = ends.filter((end) => !end.input).map((end) => end.name);
  return {
    ends,
    async run(count, input) {
      try {
        const values = await handle.run(count, input);
        return succeed(Object.fromEntries(outputs.map((name, i) => [name, values[i]])));
      } catch (error) {
        return fail('TENSORRT_FAILED', { reason: messageOf(error) });
      }
    },
    close: () => handle.close(),
  };
}

/** 100300 is 10.3.0; up to TensorRT 8 the major counts thousands. */
function dotted(version: number): string {
  const unit = version >= 100_000 ? 10_000 : 1000;
  const rest = version % unit;
  return [Math.floor(version / unit), Math.floor(rest / 100), rest % 100].join('.');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
