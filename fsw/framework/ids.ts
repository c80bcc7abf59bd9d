/**
 * Where local ids lie within an instance's block of 0x100. A component's own are below 0x80; above are
 * the ones that the framework gives to every component.
 */
import type { ChannelSpec, CommandSpec, EventSpec, Model } from './model';
import { string, U32 } from './types';

export const BLOCK = 0x100;
export const MAX_OWN_ID = 0x7f;
export const MAX_PARAM_ID = 0x3f;

/** Opcodes of a parameter's two commands, `NAME_PRM_SET` and `NAME_PRM_SAVE`. */
export function paramOpcodes(paramId: number): { set: number; save: number } {
  return { set: 0x80 + 2 * paramId, save: 0x81 + 2 * paramId };
}

/** Events that every component has. */
export const frameworkEvents = {
  ComponentFault: {
    id: 0xf0,
    severity: 'warning-high',
    args: { where: string(48), reason: string(160), action: string(16) },
    format: 'fault in {where}: {reason}; {action}',
    throttle: 20,
    doc: 'A handler threw; what was done about it.',
  },
  QueueOverflow: {
    id: 0xf1,
    severity: 'warning-high',
    args: { where: string(48), dropped: U32 },
    format: 'queue full at {where}; {dropped} messages dropped so far',
    throttle: 5,
    doc: "A message found the queue full and was dropped by the port's policy.",
  },
  ParamInvalid: {
    id: 0xf2,
    severity: 'warning-low',
    args: { param: string(48), reason: string(160) },
    format: 'saved value of {param} not used: {reason}',
    throttle: 10,
    doc: 'A saved parameter value was not valid; the default flies.',
  },
  ComponentFatal: {
    id: 0xf3,
    severity: 'fatal',
    args: { where: string(48), reason: string(160) },
    format: 'fatal fault in {where}: {reason}',
    doc: 'A component whose fault policy is fatal threw; it is isolated and the spacecraft goes to safe mode.',
  },
} as const satisfies Record<string, EventSpec>;

/** Channels that every component has. */
export const frameworkTelemetry = {
  Faults: {
    id: 0xf0,
    type: U32,
    update: 'on-change',
    limits: { high: { yellow: 0, red: 3 } },
    doc: 'Handlers that threw since boot.',
  },
  QueueDrops: {
    id: 0xf1,
    type: U32,
    update: 'on-change',
    limits: { high: { yellow: 0 } },
    doc: 'Messages that found the queue full and were dropped since boot.',
  },
} as const satisfies Record<string, ChannelSpec>;

/** All events of a component: its own and the framework's. */
export function allEvents(model: Model): Record<string, EventSpec> {
  return { ...model.events, ...frameworkEvents };
}

export function allTelemetry(model: Model): Record<string, ChannelSpec> {
  return { ...model.telemetry, ...frameworkTelemetry };
}

/** All commands of a component: its own, and SET and SAVE of each parameter. */
export function allCommands(model: Model): Record<string, CommandSpec> {
  const commands: Record<string, CommandSpec> = { ...model.commands };
  for (const [name, spec] of Object.entries(model.params)) {
    const { set, save } = paramOpcodes(spec.id);
    const authority = spec.authority && { authority: spec.authority };
    const doc = `Set ${name}: ${spec.doc}`;
    commands[`${name}_PRM_SET`] = { id: set, args: { val: spec.type }, ...authority, doc };
    commands[`${name}_PRM_SAVE`] = { id: save, ...authority, doc: `Save ${name}.` };
  }
  return commands;
}
