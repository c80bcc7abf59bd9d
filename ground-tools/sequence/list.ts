import type { Dictionary } from '../../fsw/framework/dictionary';
import { decode, type Fields, struct } from '../../fsw/framework/types';
import type { Condition, Sequence, Step } from '../../fsw/sequences';

/** A compiled sequence as text, one step a line, with the numbers by which the sequencer's events name them. */
export function listSequence(sequence: Sequence, dictionary: Dictionary): string[] {
  const labels = Object.entries(sequence.labels);
  return sequence.steps.flatMap((step, i) => [
    ...labels.filter(([, at]) => at === i).map(([label]) => `${label}:`),
    `${String(i + 1).padStart(4)}  ${textOf(step, dictionary)}`,
  ]);
}

function textOf(step: Step, dictionary: Dictionary): string {
  switch (step.op) {
    case 'command':
      return `command ${commandText(step.opcode, step.args, dictionary)}, on failure ${step.onFail}`;
    case 'at':
      return `at ${new Date(step.seconds * 1000 + step.useconds / 1000).toISOString()}`;
    case 'wait':
      return `wait ${step.ms / 1000} s`;
    case 'await':
      return `wait for ${conditionText(step.condition, dictionary)}, ${step.timeoutMs / 1000} s at most, then ${step.onTimeout}`;
    case 'branch':
      return `unless ${conditionText(step.condition, dictionary)} go to ${step.otherwise + 1}`;
    case 'jump':
      return `go to ${step.to + 1}`;
    case 'loop':
      return `go to ${step.to + 1} until done ${step.times} times`;
    case 'abort':
      return `abort: ${step.reason}`;
  }
}

function commandText(opcode: number, bytes: Uint8Array, dictionary: Dictionary): string {
  const entry = dictionary.commands.find(({ id }) => id === opcode);
  if (entry === undefined) return `0x${opcode.toString(16)}`;
  const type = struct(entry.name, entry.args ?? ({} as Fields));
  const args = decode(type, bytes);
  return `${entry.name} ${args.ok ? type.show(args.value) : '?'}`;
}

function conditionText({ channel, comparison, value }: Condition, dictionary: Dictionary): string {
  const entry = dictionary.channels.find(({ id }) => id === channel);
  const wanted = entry && decode(entry.type, value);
  return `${entry?.name ?? channel} ${comparison} ${wanted?.ok ? entry?.type.show(wanted.value) : '?'}`;
}
