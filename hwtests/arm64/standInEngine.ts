import type { Engine, Outputs } from '../../components/payload/inference/engine';
import type { StoredModel } from '../../components/payload/ports';
import { fail, succeed } from '../../fsw/errors';

/**
 * NOT a network: an engine for the one flight that has no onnxruntime (which crashes in qemu). It loads what the store
 * verified and answers in the model's shapes: each value the mean of a share of the item's input, 0–255 as 0–1, and of
 * several values of an item the largest made 1. Sums and divisions only, which every processor rounds the same. It
 * answers a model's canary with the canary's own outputs.
 */
export function standInEngine(): Engine {
  const sessions = new Map<string, StoredModel>();
  const missing = (session: string) => fail('ENGINE_RUN', { model: session, reason: 'not loaded' });
  return {
    alive: true,
    async load(session, model) {
      sessions.set(session, model);
      return succeed({ provider: 'stand-in', refused: [] });
    },
    async run(session, count, input) {
      const model = sessions.get(session);
      if (model === undefined) return missing(session);
      const { canary } = model;
      if (canary?.count === count && canary.input.every((value, i) => value === input[i]))
        return succeed(canary.outputs);
      const outputs = model.outputs.map(({ name, shape }) => {
        const size = shape.slice(1).reduce<number>((product, side) => product * Number(side), 1);
        return [name, size === 1 ? means(input, count) : largestIsOne(means(input, count * size), size)];
      });
      return succeed(Object.fromEntries(outputs) as Outputs);
    },
    release: async (session) => (sessions.delete(session) ? succeed(undefined) : missing(session)),
    restart: async () => sessions.clear(),
    close: async () => sessions.clear(),
  };
}

/** `shares` means of as many equal shares of the input, 0–255 as 0–1. */
function means(input: Float32Array, shares: number): Float32Array {
  const length = Math.floor(input.length / shares);
  return Float32Array.from({ length: shares }, (_, share) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += input[share * length + i];
    return sum / length / 255;
  });
}

function largestIsOne(values: Float32Array, size: number): Float32Array {
  return values.map((value, i) => {
    const first = i - (i % size);
    return value / Math.max(...values.subarray(first, first + size), Number.MIN_VALUE);
  });
}
