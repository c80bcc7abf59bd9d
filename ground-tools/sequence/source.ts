import type { Comparison, OnFail } from '../../fsw/sequences';

/** A sequence as people write it: names instead of ids. YAML and the TypeScript builder both make this. */
export interface SequenceSource {
  readonly name: string;
  /** Most steps that one run may do; 10,000 unless told. */
  readonly maxSteps?: number;
  /** File on board of the sequence that runs when this one aborts. */
  readonly onAbort?: string;
  readonly steps: readonly SourceStep[];
}

/** `camera.FramesCaptured >= 3`, with or without the deployment before it. */
export interface SourceCondition {
  readonly channel: string;
  readonly comparison: Comparison;
  readonly value: unknown;
}

/** `where` says where a step was written: `plan.yaml:12` or `step 3`. */
export type SourceStep = { readonly where: string } & (
  | {
      readonly kind: 'command';
      readonly name: string;
      readonly args?: Readonly<Record<string, unknown>>;
      /** What to do when the command fails; abort unless told. */
      readonly onFail?: OnFail;
      /** Arms a hazardous command, for just these arguments, right before it. */
      readonly arm?: boolean;
    }
  /** An absolute time: ISO 8601 with its offset, e.g. `2027-03-01T12:00:00Z`. */
  | { readonly kind: 'at'; readonly time: string }
  | { readonly kind: 'wait'; readonly seconds: number }
  | {
      readonly kind: 'waitFor';
      readonly condition: SourceCondition;
      readonly timeoutS: number;
      readonly onTimeout?: OnFail;
    }
  | {
      readonly kind: 'if';
      readonly condition: SourceCondition;
      readonly whenTrue: readonly SourceStep[];
      readonly whenFalse: readonly SourceStep[];
    }
  | { readonly kind: 'repeat'; readonly times: number; readonly steps: readonly SourceStep[] }
  | { readonly kind: 'label'; readonly name: string }
  | { readonly kind: 'goto'; readonly label: string }
  | { readonly kind: 'abort'; readonly reason: string }
);
