import { type Fault, fail, type Result, succeed } from '../errors';
import { type Dictionary, decode, type Fields, struct } from '../framework';
import { objection } from './conditions';
import { type Condition, limits, type Sequence, type Step } from './types';

/**
 * Whether a sequence fits this build: on the ground before it goes up, and again on board before its first
 * step. `step` in a message counts from 1. Errors: SEQ_BUILD, SEQ_STEP (the first that is wrong).
 */
export function checkSequence(sequence: Sequence, dictionary: Dictionary): Result<void> {
  const { steps } = sequence;
  if (sequence.dictionary !== dictionary.hash)
    return fail('SEQ_BUILD', { found: sequence.dictionary, expected: dictionary.hash });
  if (steps.length > limits.steps)
    return fail('SEQ_STEP', { step: limits.steps + 1, why: `${limits.steps} steps are the most` });
  for (const [label, at] of Object.entries(sequence.labels))
    if (at > steps.length) return fail('SEQ_STEP', { step: at + 1, why: `label ${label} is past the end` });
  for (const [i, step] of steps.entries()) {
    const why = faultOf(step, i, steps.length, dictionary);
    if (why) return fail('SEQ_STEP', { step: i + 1, why });
  }
  return succeed(undefined);
}

function faultOf(step: Step, index: number, length: number, dictionary: Dictionary): string | undefined {
  switch (step.op) {
    case 'command':
      return commandFault(step.opcode, step.args, dictionary)?.text;
    case 'await':
      return conditionFault(step.condition, dictionary);
    case 'branch':
      return conditionFault(step.condition, dictionary) ?? jumpFault(step.otherwise, length);
    case 'jump':
      return jumpFault(step.to, length);
    case 'loop':
      return step.to > index ? `a loop leads back, not to step ${step.to + 1}` : undefined;
    default:
      return undefined;
  }
}

function commandFault(opcode: number, bytes: Uint8Array, dictionary: Dictionary): Fault | undefined {
  const entry = dictionary.commands.find(({ id }) => id === opcode);
  if (entry === undefined) return fail('LINK_UNKNOWN_ID', { what: 'command', id: opcode }).error;
  const type = struct(entry.name, entry.args ?? ({} as Fields));
  const args = decode(type, bytes, entry.name);
  const checked = args.ok ? type.check(args.value, entry.name) : args;
  return checked.ok ? undefined : checked.error;
}

function conditionFault(
  { channel, comparison, value }: Condition,
  dictionary: Dictionary,
): string | undefined {
  const entry = dictionary.channels.find(({ id }) => id === channel);
  if (entry === undefined) return fail('LINK_UNKNOWN_ID', { what: 'channel', id: channel }).error.text;
  const wrong = objection(entry.type, comparison);
  if (wrong) return `${entry.name}: ${wrong}`;
  const decoded = decode(entry.type, value, entry.name);
  return decoded.ok ? undefined : decoded.error.text;
}

function jumpFault(to: number, length: number): string | undefined {
  return to > length ? `there is no step ${to + 1} to go to` : undefined;
}
