/**
 * Radiation on the copies that a runtime made of the weights. Nobody can reach into onnxruntime's memory, so a session
 * whose copy was hit is loaded again from the hit bytes before its next run: what it then gives is what the hit
 * memory would have given.
 */
import type { Engine } from '../../../components/payload/inference/engine';
import type { StoredModel } from '../../../components/payload/ports';
import { flipBits } from './upsets';

/** The weights of one live session. */
export interface LiveCopy {
  /** The session's name in the engine. */
  readonly name: string;
  readonly bits: number;
  /** Inverts `count` neighbouring bits from bit `first` on (bit 0 is the lowest of byte 0); returns how many there were. */
  flip(first: number, count: number): number;
}

export interface IrradiatedEngine extends Engine {
  /** The copies that lie open now, in the order of their loads. */
  copies(): LiveCopy[];
}

interface Session extends LiveCopy {
  readonly model: StoredModel;
  readonly providers: readonly string[];
  /** Hit since it was loaded. */
  hit: boolean;
}

export function irradiatedEngine(engine: Engine): IrradiatedEngine {
  const sessions = new Map<string, Session>();
  return {
    get alive() {
      return engine.alive;
    },
    copies: () => [...sessions.values()],
    async load(name, model, providers) {
      const session = exposed(name, model, providers);
      const loaded = await engine.load(name, session.model, providers);
      if (loaded.ok) sessions.set(name, session);
      return loaded;
    },
    async run(name, count, input) {
      const session = sessions.get(name);
      if (session?.hit) {
        session.hit = false;
        const loaded = await engine.load(name, session.model, session.providers);
        if (!loaded.ok) return loaded;
      }
      return engine.run(name, count, input);
    },
    release(name) {
      sessions.delete(name);
      return engine.release(name);
    },
    restart() {
      sessions.clear();
      return engine.restart();
    },
    close() {
      sessions.clear();
      return engine.close();
    },
  };
}

function exposed(name: string, model: StoredModel, providers: readonly string[]): Session {
  const weights = new Uint8Array(model.weights);
  const session: Session = {
    name,
    model: { ...model, weights },
    providers,
    bits: weights.length * 8,
    hit: false,
    flip(first, count) {
      const flipped = flipBits(weights, first, count);
      session.hit ||= flipped > 0;
      return flipped;
    },
  };
  return session;
}
