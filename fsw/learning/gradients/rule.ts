import type { Builder } from '../graph/builder';
import type { GraphNode } from '../graph/graph';

/** One operator on the way back. */
export interface Step {
  readonly node: GraphNode;
  readonly b: Builder;
  /** Gradient of the loss by each output; undefined where nothing depends on it. */
  readonly gradients: readonly (string | undefined)[];
  /** Whether somebody asks for the gradient by this input. */
  needs(input: number): boolean;
}

/** Gradients by the inputs, as far as they are asked for. The first output's gradient is given on its own. */
export type GradientRule = (step: Step, gradient: string) => readonly (string | undefined)[];
