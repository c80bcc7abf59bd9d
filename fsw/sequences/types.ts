/**
 * A compiled command sequence: a flat list of steps with jumps, as the ground makes it and the sequencer runs
 * it. All names are resolved: opcodes, channel ids and values in their wire form.
 */
export const comparisons = ['<', '<=', '==', '!=', '>=', '>'] as const;
export type Comparison = (typeof comparisons)[number];

/** `channel comparison value`, e.g. `camera.FramesCaptured >= 3`. */
export interface Condition {
  /** Absolute channel id. */
  readonly channel: number;
  readonly comparison: Comparison;
  /** Serialised by the channel's type. */
  readonly value: Uint8Array;
}

/** What to do when a step fails. */
export type OnFail = 'abort' | 'continue';

export type Step =
  /** Sends a command and waits for its response. */
  | {
      readonly op: 'command';
      readonly opcode: number;
      readonly args: Uint8Array;
      readonly onFail: OnFail;
    }
  /** Waits until an absolute time (Unix); goes on at once when it is past, by less than the sequencer allows. */
  | { readonly op: 'at'; readonly seconds: number; readonly useconds: number }
  /** Waits after the step before. */
  | { readonly op: 'wait'; readonly ms: number }
  /** Waits until a condition holds. */
  | {
      readonly op: 'await';
      readonly condition: Condition;
      readonly timeoutMs: number;
      readonly onTimeout: OnFail;
    }
  /** Goes on when the condition holds, to step `otherwise` when not. */
  | { readonly op: 'branch'; readonly condition: Condition; readonly otherwise: number }
  | { readonly op: 'jump'; readonly to: number }
  /** Stands after its body: goes back to step `to` until the body has run `times` times. */
  | { readonly op: 'loop'; readonly to: number; readonly times: number }
  | { readonly op: 'abort'; readonly reason: string };

export interface Sequence {
  readonly name: string;
  /** Hash of the dictionary that it was compiled for. */
  readonly dictionary: string;
  /** Most steps that one run may do; ends what would never end. */
  readonly maxSteps: number;
  /** File of the sequence that runs when this one aborts; empty: none. */
  readonly onAbort: string;
  /** Named places, by the index of the step that follows. */
  readonly labels: Readonly<Record<string, number>>;
  /** Jumps lead to indices of this list, or to its length: the end. */
  readonly steps: readonly Step[];
}

export const limits = {
  /** Bytes of a sequence file. */
  fileBytes: 65_536,
  steps: 4096,
  labels: 256,
  nameBytes: 40,
  fileNameBytes: 100,
  reasonBytes: 80,
  times: 65_535,
  maxSteps: 1_000_000,
  /** About 49 days. */
  waitMs: 0xffffffff,
} as const;
