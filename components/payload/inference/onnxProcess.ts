/** The far side of the onnxruntime engine: a process that loads and runs models when told over IPC. */
import * as ort from 'onnxruntime-node';
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { StoredModel } from '../ports';
import type { Loaded, Outputs } from './engine';
import type { Answers, Numbered, Reply, Request } from './protocol';
import { type ModelSession, shimSession } from './tensorrtSession';

interface Session {
  /** Without its bytes: the runtime has its own copy. */
  readonly model: Pick<StoredModel, 'input' | 'outputs'>;
  readonly session: ModelSession;
}

ort.env.logLevel = 'fatal';
const sessions = new Map<string, Session>();

/** Loads beside the session of the same name, takes its place, and only then releases it. */
async function load(name: string, model: StoredModel, providers: readonly string[]): Promise<Result<Loaded>> {
  const refused: { provider: string; reason: string }[] = [];
  for (const provider of providers) {
    const session = await create(model, provider);
    if (!session.ok) {
      refused.push({ provider, reason: session.reason });
      continue;
    }
    const stranger = interfaceFault(model, session.value);
    if (stranger !== undefined) {
      await session.value.release();
      return stranger;
    }
    const old = sessions.get(name);
    const { input, outputs } = model;
    sessions.set(name, { model: { input, outputs }, session: session.value });
    await old?.session.release();
    return succeed({ provider: session.provider, refused });
  }
  const reason = refused.map((each) => `${each.provider}: ${each.reason}`).join('; ') || 'none given';
  return fail('ENGINE_LOAD', { model: model.name, reason });
}

type Created = { ok: true; value: ModelSession; provider: string } | { ok: false; reason: string };

/** TensorRT is tried through our own shim first; `provider` says which of the two it was. */
async function create(model: StoredModel, provider: string): Promise<Created> {
  if (provider !== 'tensorrt') return createOnnx(model, provider);
  const shim = await shimSession(model);
  if (shim.ok) return { ok: true, value: shim.value, provider: 'tensorrt-shim' };
  const onnx = await createOnnx(model, provider);
  return onnx.ok ? onnx : { ok: false, reason: `${shim.error.text}; onnxruntime: ${onnx.reason}` };
}

/** One provider at a time: onnxruntime throws when one is not there, it does not fall back. */
async function createOnnx({ graph, weights, weightsName }: StoredModel, provider: string): Promise<Created> {
  try {
    const value = await ort.InferenceSession.create(graph, {
      executionProviders: [provider],
      externalData: [{ path: weightsName, data: weights }],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 4,
    });
    return { ok: true, value, provider };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// The terminal's Ctrl-C is for the flight software, which then closes this process.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());

/** One request after the other, in the order in which they came. */
let last: Promise<void> = Promise.resolve();
process.on('message', ({ id, request }: Numbered) => {
  last = last.then(async () => {
    const reply: Reply = { id, result: await handle(request) };
    process.send?.(reply);
  });
});
