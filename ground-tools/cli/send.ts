/** `perigee send`: one command, checked before it is sent, and how it ended. */
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { nearest } from '../../fsw/framework/settings';
import { type Fields, struct, type Type } from '../../fsw/framework/types';
import { jsonText } from '../gateway/lines';
import type { CommandOutcome, OutcomeName } from '../gateway/messages';
import { type Context, exit } from './context';
import { complain, type GroundOptions, withGateway } from './ground';
import { paint } from './screen';

export interface SendOptions extends GroundOptions {
  readonly timeout: number;
}

const codes: Readonly<Record<OutcomeName, number>> = {
  completed: exit.ok,
  failed: exit.failed,
  refused: exit.failed,
  unknown: exit.unknown,
  'link-down': exit.linkDown,
};

export function send(
  context: Context,
  name: string,
  words: readonly string[],
  options: SendOptions,
): Promise<number> {
  return withGateway(context, options, async (client) => {
    const dictionary = await client.dictionary();
    if (!dictionary.ok) {
      complain(context, dictionary.error, options.json);
      return exit.failed;
    }
    const args = readArguments(dictionary.value, name, words);
    if (!args.ok) {
      complain(context, args.error, options.json);
      return exit.usage;
    }
    const ended = await client.command(name, args.value, options.timeout * 1000);
    if (!ended.ok) {
      // It was asked for, and nobody is left to say what became of it.
      complain(context, ended.error, options.json);
      return exit.unknown;
    }
    report(context, ended.value, options.json);
    return codes[ended.value.outcome];
  });
}

function report({ out }: Context, outcome: CommandOutcome, json = false): void {
  if (json) {
    const { name, outcome: how, status, reason, sent, id, ms, spacecraft } = outcome;
    out.write(
      `${jsonText({ type: 'outcome', name, outcome: how, status, reason, sent, id, ms, spacecraft })}\n`,
    );
    return;
  }
  const style = outcome.outcome === 'completed' ? 'green' : outcome.outcome === 'unknown' ? 'yellow' : 'red';
  const details = [outcome.status, outcome.reason].filter((part) => part !== '' && part !== 'OK').join(': ');
  const times = outcome.sent > 1 ? `, sent ${outcome.sent} times` : '';
  const unsure =
    outcome.spacecraft === 'unknown' ? ' (the spacecraft has not said which dictionary it flies)' : '';
  const head = paint(out, style, outcome.outcome);
  out.write(
    `${head}  ${outcome.name}  ${details}${details && '  '}${Math.round(outcome.ms)} ms${times}${unsure}\n`,
  );
}

/**
 * Reads `name=value` words, or values alone in the order of the arguments. Text, numbers and enumerators stand
 * as they are; arrays and structs are JSON. Errors: LINK_UNKNOWN_COMMAND, LINK_ARGUMENT, and the type errors.
 */
export function readArguments(
  dictionary: Dictionary,
  command: string,
  words: readonly string[],
): Result<Record<string, unknown>> {
  const prefix = `${dictionary.deployment}.`;
  const qualified = command.startsWith(prefix) ? command : prefix + command;
  const entry = dictionary.commands.find(({ name }) => name === qualified);
  if (entry === undefined) {
    const known = dictionary.commands.map(({ name }) => name);
    return fail('LINK_UNKNOWN_COMMAND', { name: qualified, nearest: nearest(qualified, known) });
  }
  const fields: Fields = entry.args ?? {};
  const names = Object.keys(fields);
  const usage = names.map((name) => `${name}=${fields[name].name}`).join(' ') || 'no arguments';
  const wrong = (why: string) => fail('LINK_ARGUMENT', { command, why, usage });
  const args: Record<string, unknown> = {};
  for (const [i, word] of words.entries()) {
    const named = /^(\w[\w-]*)=([\s\S]*)$/.exec(word);
    // A text may hold `=`: what stands before it is a name only where the command has such an argument.
    const isName = named !== null && Object.hasOwn(fields, named[1]);
    const place = names[i];
    if (!isName && named !== null && (place === undefined || fields[place].kind !== 'string'))
      return wrong(`it has no ${named[1]}; did you mean ${nearest(named[1], names)}?`);
    const name = isName ? named[1] : place;
    if (name === undefined) return wrong(`it takes ${names.length} arguments, ${words.length} were given`);
    if (Object.hasOwn(args, name)) return wrong(`${name} was given twice`);
    const value = readValue(fields[name], isName ? named[2] : word);
    if (!value.ok) return wrong(`${name}: ${value.error.text}`);
    args[name] = value.value;
  }
  const missing = names.find((name) => !Object.hasOwn(args, name));
  if (missing !== undefined) return wrong(`${missing} is missing`);
  const checked = struct(entry.name, fields).check(args, command);
  return checked.ok ? succeed(args) : checked;
}

function readValue(type: Type<unknown>, text: string): Result<unknown> {
  if (type.kind !== 'array' && type.kind !== 'struct') return succeed(text);
  try {
    return succeed(JSON.parse(text));
  } catch {
    return fail('TYPE_MISMATCH', { path: 'value', value: text, type: `${type.name}, written as JSON` });
  }
}
