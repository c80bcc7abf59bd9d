/**
 * A model on TensorRT through our own shim (`native/tensorrt`), in the form in which onnxruntime gives sessions: for
 * targets whose onnxruntime has no TensorRT provider (linux/arm64). The plan comes from the cache, or is built here
 * once, which takes minutes, and is kept.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import { openTensorRt, type PlanEnd, type PlanEngine, type TensorRt } from '../../../native/tensorrt';
import { modelHash, type PlanKey, readPlan, writePlan } from '../../../native/tensorrt/plan';
import type { StoredModel } from '../ports';

/** What the engine's process uses of a session, whoever runs it. */
export type ModelSession = Pick<
  ort.InferenceSession,
  'inputNames' | 'inputMetadata' | 'outputMetadata' | 'run' | 'release'
>;

/** Items of one run; more are run in turns. */
const MAX_BATCH = 64;

/** Where plans are kept: `PERIGEE_PLANS`, or the cache. Who may write there may run code here. */
export function plansFolder(env = process.env): string {
  return env.PERIGEE_PLANS ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'perigee', 'plans');
}

/** One device for all sessions of the process; opened at the first, so that a machine without one pays nothing. */
let device: Result<TensorRt> | undefined;

/** Errors: TENSORRT_ABSENT, CUDA_ABSENT, TENSORRT_FAILED, PLAN_DEVICE or PLAN_CORRUPT where no new plan can be built. */
export async function shimSession(
  model: StoredModel,
  open = () => (device ??= openTensorRt()),
  folder = plansFolder(),
): Promise<Result<ModelSession>> {
  const tensorRt = open();
  if (!tensorRt.ok) return tensorRt;
  const engine = await engineOf(tensorRt.value, model, folder);
  return engine.ok ? succeed(sessionOf(engine.value)) : engine;
}

async function engineOf(tensorRt: TensorRt, model: StoredModel, folder: string): Promise<Result<PlanEngine>> {
  const key: PlanKey = {
    model: modelHash(model.graph, model.weights),
    device: tensorRt.device.name,
    capability: tensorRt.device.capability,
    tensorRt: tensorRt.version,
    driver: tensorRt.device.driverVersion,
    maxBatch: MAX_BATCH,
  };
  const kept = readPlan(folder, key);
  const opened = kept.ok ? tensorRt.open(kept.value) : kept;
  if (opened.ok) return opened;
  if (!tensorRt.builds) return cannotBuild(opened);
  const plan = await build(tensorRt, model);
  if (!plan.ok) return plan;
  // A plan that can't be kept flies all the same.
  writePlan(folder, key, plan.value);
  return tensorRt.open(plan.value);
}

function cannotBuild(why: Failed): Failed {
  const { code, text } = why.error;
  return { ok: false, error: { code, text: `${text}; the shim builds no plans (no NvOnnxParser.h)` } };
}

/** The parser reads the weights from beside the graph. */
async function build(tensorRt: TensorRt, { graph, weights, weightsName }: StoredModel) {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), 'perigee-onnx-'));
    writeFileSync(join(folder, 'model.onnx'), graph);
    writeFileSync(join(folder, basename(weightsName)), weights);
    return await tensorRt.build(join(folder, 'model.onnx'), MAX_BATCH);
  } catch (error) {
    return fail('TENSORRT_FAILED', { reason: error instanceof Error ? error.message : String(error) });
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function sessionOf(engine: PlanEngine): ModelSession {
  const inputs = engine.ends.filter((end) => end.input);
  const outputs = engine.ends.filter((end) => !end.input);
  return {
    inputNames: inputs.map(({ name }) => name),
    inputMetadata: inputs.map(metadata),
    outputMetadata: outputs.map(metadata),
    async run(feeds: ort.InferenceSession.FeedsType) {
      const [input] = inputs;
      const tensor = feeds[input.name] as ort.Tensor;
      const values = await runAll(engine, outputs, tensor.dims[0], tensor.data as Float32Array);
      const results: Record<string, ort.Tensor> = {};
      for (const { name, shape } of outputs)
        results[name] = new ort.Tensor('float32', values[name], [tensor.dims[0], ...shape.slice(1)]);
      return results;
    },
    async release() {
      engine.close();
    },
  };
}

/** As many runs as the plan's largest batch asks for. onnxruntime's sessions throw, and so does this. */
async function runAll(engine: PlanEngine, outputs: readonly PlanEnd[], count: number, input: Float32Array) {
  const whole: Record<string, Float32Array> = {};
  const itemSize = input.length / count;
  for (let first = 0; first < count; first += MAX_BATCH) {
    const items = Math.min(MAX_BATCH, count - first);
    const done = await engine.run(items, input.slice(first * itemSize, (first + items) * itemSize));
    if (!done.ok) throw new Error(done.error.text);
    for (const { name } of outputs) {
      const values = done.value[name];
      whole[name] ??= new Float32Array((values.length / items) * count);
      whole[name].set(values, (values.length / items) * first);
    }
  }
  return whole;
}

function metadata({ name, float32, shape }: PlanEnd): ort.InferenceSession.ValueMetadata {
  return { name, isTensor: true, type: float32 ? 'float32' : 'uint8', shape };
}
