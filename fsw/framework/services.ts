import type { Clock } from './clock';
import type { SeverityName } from './model';
import type { CmdStatus } from './standardPorts';
import type { Time } from './time';

/**
 * The framework's own outputs of a component, connected by the topology's patterns. Where a pattern is
 * absent the call does nothing, so a component runs alone in a test.
 */
export interface Services {
  log(message: { id: number; time: Time; severity: SeverityName; args: Uint8Array }): void;
  tlm(message: { id: number; time: Time; value: Uint8Array }): void;
  register(message: { opcode: number }): void;
  respond(message: { opcode: number; cmdSeq: number; status: CmdStatus; reason: string }): void;
  prmGet(message: { id: number }): { valid: boolean; value: Uint8Array };
  prmSet(message: { id: number; value: Uint8Array }): boolean;
  pong(message: { key: number }): void;
}

export function unconnectedServices(): Services {
  return {
    log() {},
    tlm() {},
    register() {},
    respond() {},
    prmGet: () => ({ valid: false, value: new Uint8Array(0) }),
    prmSet: () => false,
    pong() {},
  };
}

/** What event, telemetry, parameter and command code of one instance works with. */
export interface Home {
  readonly name: string;
  readonly baseId: number;
  readonly clock: Clock;
  readonly services: Services;
}
