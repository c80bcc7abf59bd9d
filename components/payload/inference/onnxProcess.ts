/** The far side of the onnxruntime engine: a process that loads and runs models when told over IPC. */
import * as ort from 'onnxruntime-node';
import { fail, type Result, succeed } from '../../../fsw/errors';
import { type Created, createOnnx, firstThatLoads, messageOf } from '../../../fsw/runtimes/onnx';
import { serveRequests } from '../../../fsw/runtimes/serveRequests';
import type { StoredModel } from '../ports';
import type { Loaded, Outputs } from './engine';
import type { Answers, Request } from './protocol';
import { type ModelSession, shimSession } from './tensorrtSession';

interface Session {
  /** Without its bytes: the runtime has its own copy. */
  readonly model: Pick<StoredModel, 'input' | 'outputs'>;
  readonly session: ModelSession;
}

const sessions = new Map<string, Session>();

/** Loads beside the session of the same name, takes its place, and only then releases it. */
async function load(name: string, model: StoredModel, providers: readonly string[]): Promise<Result<Loaded>> {
  const first = await firstThatLoads(model.name, providers, (provider) => create(model, provider));
  if (!first.ok) return first;
  const { session, loaded } = first.value;
  const stranger = interfaceFault(model, session);
  if (stranger !== undefined) {
    await session.release();
    return stranger;
  }
  const old = sessions.get(name);
  const { input, outputs } = model;
  sessions.set(name, { model: { input, outputs }, session });
  await old?.session.release();
  return succeed(loaded);
}

/** TensorRT is tried through our own shim first; `provider` says which of the two it was. */
async function create(model: StoredModel, provider: string): Promise<Created<ModelSession>> {
  const { graph, weights, weightsName } = model;
  const plain = { graph, weights: { name: weightsName, bytes: weights }, memoryPattern: true };
  if (provider !== 'tensorrt') return createOnnx(plain, provider);
  const shim = await shimSession(model);
  if (shim.ok) return { ok: true, value: shim.value, provider: 'tensorrt-shim' };
  const onnx = await createOnnx(plain, provider);
  return onnx.ok ? onnx : { ok: false, reason: `${shim.error.text}; onnxruntime: ${onnx.reason}` };
}

function interfaceFault({ name, input, outputs }: StoredModel, session: ModelSession) {
  const check = (
    end: { name: string; shape: readonly (number | string)[] },
    all: readonly ort.InferenceSession.ValueMetadata[],
  ) => {
    const expected = `${end.name} [${end.shape}]`;
    const found = all.find((metadata) => metadata.name === end.name);
    if (found === undefined || !found.isTensor || found.type !== 'float32')
      return fail('MODEL_SHAPE', { file: name, tensor: end.name, found: 'no float32 tensor', expected });
    if (!sameShape(end.shape, found.shape))
      return fail('MODEL_SHAPE', { file: name, tensor: end.name, found: `[${found.shape}]`, expected });
    return undefined;
  };
  if (session.inputNames.length !== 1)
    return fail('MODEL_SHAPE', {
      file: name,
      tensor: 'inputs',
      found: session.inputNames.length,
      expected: 1,
    });
  const ends = [check(input, session.inputMetadata)];
  for (const output of outputs) ends.push(check(output, session.outputMetadata));
  return ends.find((fault) => fault !== undefined);
}

/** Sides with a name are free on both. */
function sameShape(a: readonly (number | string)[], b: readonly (number | string)[]): boolean {
  return a.length === b.length && a.every((side, i) => side === b[i] || (isName(side) && isName(b[i])));
}

function isName(side: number | string): boolean {
  return typeof side === 'string' || side < 0;
}

async function run(name: string, count: number, input: Float32Array): Promise<Result<Outputs>> {
  const loaded = sessions.get(name);
  if (loaded === undefined) return fail('ENGINE_RUN', { model: name, reason: 'not loaded' });
  const { model, session } = loaded;
  try {
    const dims = [count, ...model.input.shape.slice(1).map(Number)];
    const tensor = new ort.Tensor('float32', input, dims);
    const results = await session.run({ [model.input.name]: tensor });
    const outputs: Record<string, Float32Array> = {};
    for (const { name: output } of model.outputs)
      outputs[output] = new Float32Array(results[output].data as Float32Array);
    return succeed(outputs);
  } catch (error) {
    return fail('ENGINE_RUN', { model: name, reason: messageOf(error) });
  }
}

async function release(name: string): Promise<Result<undefined>> {
  const loaded = sessions.get(name);
  if (loaded === undefined) return fail('ENGINE_RUN', { model: name, reason: 'not loaded' });
  sessions.delete(name);
  await loaded.session.release();
  return succeed(undefined);
}

function handle(request: Request): Promise<Result<Answers[keyof Answers]>> {
  if (request.kind === 'load') return load(request.session, request.model, request.providers);
  if (request.kind === 'run') return run(request.session, request.count, request.input);
  return release(request.session);
}

serveRequests(handle);
