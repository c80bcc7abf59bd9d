import type { CommandMeta } from './component';
import { allCommands } from './ids';
import type { Model } from './model';
import type { ParameterSet } from './parameters';
import type { Home } from './services';
import { type CommandReply, ok, refused } from './standardPorts';
import { decode, type Fields, showPlain, struct, type Type } from './types';

/** A command as it arrives on a component's command port. */
export interface IncomingCommand {
  readonly opcode: number;
  readonly cmdSeq: number;
  readonly args: Uint8Array;
}

type Handler = (args: never, meta: CommandMeta) => CommandReply | Promise<CommandReply>;

/** Decodes, checks and runs the commands of one instance, and answers each exactly once. */
export interface CommandTable {
  /** Runs one command. A promise when its handler returned one. */
  run(command: IncomingCommand): Promise<void> | undefined;
  /** Answers what is still under way with EXECUTION_ERROR (the component restarts or is isolated). */
  abandon(reason: string): void;
}

export function commandTable(
  home: Home,
  model: Model,
  own: Readonly<Record<string, Handler>>,
  params: ParameterSet,
  hooks: { fault(where: string, error: unknown): void; paramChanged(name: string): void },
): CommandTable {
  const paramHandlers = Object.keys(model.params).flatMap((name): [string, Handler][] => [
    [`${name}_PRM_SET`, ({ val }: { val: unknown }) => setParameter(name, val)],
    [`${name}_PRM_SAVE`, () => reply(params.save(name))],
  ]);
  const setParameter = (name: string, value: unknown): CommandReply => {
    const set = params.set(name, value);
    if (set.ok) hooks.paramChanged(name);
    return set.ok ? ok : refused(set.error.text, 'VALIDATION_ERROR');
  };
  const handlers = new Map<string, Handler>([...Object.entries(own), ...paramHandlers]);
  const byOpcode = new Map<number, { name: string; args: Type<unknown>; handler: Handler }>();
  for (const [name, spec] of Object.entries(allCommands(model))) {
    const handler = handlers.get(name);
    const args: Type<unknown> = struct(name, spec.args ?? ({} as Fields));
    if (handler) byOpcode.set(home.baseId + spec.id, { name, args, handler });
  }

  const underWay = new Set<IncomingCommand>();
  /** False when it was answered before (abandoned by a restart, say). */
  const answer = (command: IncomingCommand, { status, reason }: CommandReply): boolean => {
    const first = underWay.delete(command);
    if (first) home.services.respond({ opcode: command.opcode, cmdSeq: command.cmdSeq, status, reason });
    return first;
  };
  const failed = (command: IncomingCommand, name: string, error: unknown) => {
    if (answer(command, refused(`${name} threw: ${messageOf(error)}`))) hooks.fault(name, error);
  };
  return {
    run(command) {
      underWay.add(command);
      const entry = byOpcode.get(command.opcode);
      if (entry === undefined) {
        answer(command, refused(`no opcode 0x${command.opcode.toString(16)}`, 'INVALID_OPCODE'));
        return undefined;
      }
      const args = checkedArguments(entry.args, command.args, `${home.name}.${entry.name}`);
      if ('status' in args) {
        answer(command, args);
        return undefined;
      }
      try {
        const done = entry.handler(args.values as never, { cmdSeq: command.cmdSeq });
        if (!(done instanceof Promise)) {
          answer(command, done);
          return undefined;
        }
        return done
          .then((outcome) => void answer(command, outcome))
          .catch((error: unknown) => failed(command, entry.name, error));
      } catch (error) {
        failed(command, entry.name, error);
        return undefined;
      }
    },
    abandon(reason) {
      for (const command of underWay) answer(command, refused(reason));
    },
  };
}

/** Malformed bytes are a FORMAT_ERROR; well-formed values out of range a VALIDATION_ERROR. */
function checkedArguments(
  type: Type<unknown>,
  bytes: Uint8Array,
  path: string,
): CommandReply | { values: unknown } {
  const decoded = decode(type, bytes, path);
  if (!decoded.ok) return refused(decoded.error.text, 'FORMAT_ERROR');
  const checked = type.check(decoded.value, path);
  return checked.ok ? { values: checked.value } : refused(checked.error.text, 'VALIDATION_ERROR');
}

function reply(result: { ok: true } | { ok: false; error: { text: string } }): CommandReply {
  return result.ok ? ok : refused(result.error.text);
}

/** Words for whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return String(error.message);
  return typeof error === 'string' ? error : showPlain(error);
}
