/** Training with onnxruntime in this very process: for campaigns and benches, and on the far side of the engine that flies. */
import * as ort from 'onnxruntime-node';
import { type Failed, fail, succeed } from '../../errors';
import { createOnnx, firstThatLoads, messageOf } from '../../runtimes/onnx';
import { type FlightEngine, learnedWeights, planData } from './workshop';

export function sameProcessEngine(): FlightEngine {
  const sessions = new Map<string, ort.InferenceSession>();
  let closed = false;
  const gone = () => (closed ? fail('ENGINE_LOST', { reason: 'closed' }) : undefined);
  async function clear(): Promise<void> {
    const old = [...sessions.values()];
    sessions.clear();
    for (const session of old) await session.release();
  }
  return {
    get alive() {
      return !closed;
    },
    async load(name, graph, weights, providers) {
      const first = await firstThatLoads(name, providers, (provider) =>
        createOnnx({ graph, weights, memoryPattern: false }, provider),
      );
      if (!first.ok) return first;
      const old = sessions.get(name);
      sessions.set(name, first.value.session);
      await old?.release();
      return succeed(first.value.loaded);
    },
    async run(name, inputs) {
      const session = sessions.get(name);
      if (session === undefined) return gone() ?? notLoaded(name);
      try {
        const feeds = Object.entries(inputs).map(([input, { dims, data }]) => [
          input,
          new ort.Tensor('float32', data, dims),
        ]);
        const outputs = await session.run(Object.fromEntries(feeds));
        return succeed(
          Object.fromEntries(
            Object.entries(outputs).map(([output, { data }]) => [output, data as Float32Array]),
          ),
        );
      } catch (error) {
        return fail('ENGINE_RUN', { model: name, reason: messageOf(error) });
      }
    },
    plan: async (model, choice) => planData(model, choice),
    merge: async (model, choice, learned) => learnedWeights(model, choice, learned),
    async release(name) {
      const session = sessions.get(name);
      if (session === undefined) return gone() ?? notLoaded(name);
      sessions.delete(name);
      await session.release();
      return succeed(undefined);
    },
    async restart() {
      await clear();
      closed = false;
    },
    async close() {
      closed = true;
      await clear();
    },
  };
}

function notLoaded(model: string): Failed {
  return fail('ENGINE_RUN', { model, reason: 'not loaded' });
}
