import type { OnFail } from '../../fsw/sequences';
import { parseCondition } from './condition';
import type { SequenceSource, SourceStep } from './source';

/** Sequences in TypeScript; each call adds a step. Conditions are text: `'camera.FramesCaptured >= 3'`. */
export interface SequenceBuilder {
  /** `arm`: arms a hazardous command, for just these arguments, right before it. */
  command(
    name: string,
    args?: Readonly<Record<string, unknown>>,
    options?: { readonly onFail?: OnFail; readonly arm?: boolean },
  ): SequenceBuilder;
  at(time: string | Date): SequenceBuilder;
  wait(seconds: number): SequenceBuilder;
  waitFor(
    condition: string,
    options: { readonly timeoutS: number; readonly onTimeout?: OnFail },
  ): SequenceBuilder;
  if(
    condition: string,
    then: (steps: SequenceBuilder) => unknown,
    otherwise?: (steps: SequenceBuilder) => unknown,
  ): SequenceBuilder;
  repeat(times: number, body: (steps: SequenceBuilder) => unknown): SequenceBuilder;
  label(name: string): SequenceBuilder;
  goto(label: string): SequenceBuilder;
  abort(reason: string): SequenceBuilder;
}

/**
 * Builds a sequence, to be handed to `compileSequence`:
 * `sequence('pictures', (s) => s.command('camera.CAPTURE').wait(5))`.
 */
export function sequence(
  name: string,
  body: (steps: SequenceBuilder) => unknown,
  options: { readonly maxSteps?: number; readonly onAbort?: string } = {},
): SequenceSource {
  return { name, ...options, steps: stepsOf(body, '') };
}

type Unplaced<S = SourceStep> = S extends SourceStep ? Omit<S, 'where'> : never;

/** `path` is where the surrounding step stands, e.g. `3.`. */
function stepsOf(body: (steps: SequenceBuilder) => unknown, path: string): SourceStep[] {
  const steps: SourceStep[] = [];
  const place = () => `${path}${steps.length + 1}`;
  const add = (step: Unplaced): SequenceBuilder => {
    steps.push({ ...step, where: `step ${place()}` } as SourceStep);
    return self;
  };
  const condition = (text: string) =>
    parseCondition(text) ?? { channel: text, comparison: '==', value: undefined };
  const self: SequenceBuilder = {
    command: (name, args = {}, options = {}) => add({ kind: 'command', name, args, ...options }),
    at: (time) => add({ kind: 'at', time: typeof time === 'string' ? time : time.toISOString() }),
    wait: (seconds) => add({ kind: 'wait', seconds }),
    waitFor: (text, options) => add({ kind: 'waitFor', condition: condition(text), ...options }),
    if: (text, then, otherwise = () => undefined) =>
      add({
        kind: 'if',
        condition: condition(text),
        whenTrue: stepsOf(then, `${place()}.then.`),
        whenFalse: stepsOf(otherwise, `${place()}.else.`),
      }),
    repeat: (times, inner) => add({ kind: 'repeat', times, steps: stepsOf(inner, `${place()}.`) }),
    label: (name) => add({ kind: 'label', name }),
    goto: (label) => add({ kind: 'goto', label }),
    abort: (reason) => add({ kind: 'abort', reason }),
  };
  body(self);
  return steps;
}
