/** What the two sides of an engine's process say to each other. */
import type { StoredModel } from '../ports';
import type { Loaded, Outputs } from './engine';

export type Request =
  | {
      readonly kind: 'load';
      readonly session: string;
      readonly model: StoredModel;
      readonly providers: readonly string[];
    }
  | { readonly kind: 'run'; readonly session: string; readonly count: number; readonly input: Float32Array }
  | { readonly kind: 'release'; readonly session: string };

/** What each kind of request is answered with. */
export interface Answers {
  load: Loaded;
  run: Outputs;
  release: undefined;
}
