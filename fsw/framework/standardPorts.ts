/** The ports that every mission shares, with F´'s names and arguments. */

import type { PooledBuffer } from './buffers';
import { port } from './ports';
import { Time } from './time';
import { bool, bytes, enumeration, F32, reference, string, U8, U32, U64 } from './types';

/** One tick of a rate group; `context` is the member's own number. */
export const Sched = port('Sched', { context: U32 });
/** One tick of the clock that drives the rate groups; `dueUs` is when it was due. */
export const Cycle = port('Cycle', { dueUs: U64 });
/** Asks "are you alive?" and is answered with the same key. */
export const Ping = port('Ping', { key: U32 });

export const Severity = enumeration('Fw.Severity', {
  fatal: 1,
  'warning-high': 2,
  'warning-low': 3,
  command: 4,
  'activity-high': 5,
  'activity-low': 6,
  diagnostic: 7,
});

/** The most bytes that an event's arguments or a channel's value may take (one space packet in one TM frame). */
export const MAX_PAYLOAD = 900;

/** An event: absolute id, time, serialised arguments. */
export const Log = port('Log', { id: U32, time: Time, severity: Severity, args: bytes(MAX_PAYLOAD) });
/** A channel's new value: absolute id, time, serialised value. `value` belongs to the sender: copy what is kept. */
export const Tlm = port('Tlm', { id: U32, time: Time, value: bytes(MAX_PAYLOAD) });

/** A command for one component: absolute opcode, sequence id, serialised arguments. */
export const Cmd = port('Cmd', { opcode: U32, cmdSeq: U32, args: bytes(MAX_PAYLOAD) });
/** A command packet that came up the link: as `ComIn`, and which of the link's sources (a key slot, a channel) sent it. */
export const CmdPacket = port('CmdPacket', { data: bytes(1016), context: U32, source: U8 });
/** A command from a component on board; `context` is its own number for it, which `SourceStatus` brings back. */
export const SourceCmd = port('SourceCmd', { opcode: U32, context: U32, args: bytes(MAX_PAYLOAD) });
export const CmdRegistration = port('CmdReg', { opcode: U32 });
export const CmdStatus = enumeration('Fw.CmdResponse', {
  OK: 0,
  INVALID_OPCODE: 1,
  VALIDATION_ERROR: 2,
  FORMAT_ERROR: 3,
  EXECUTION_ERROR: 4,
  BUSY: 5,
});
export type CmdStatus = keyof typeof CmdStatus.constants;
/** How a command ended, with the sequence id it came with. `reason` is empty when it went well. */
export const CmdResponse = port('CmdResponse', {
  opcode: U32,
  cmdSeq: U32,
  status: CmdStatus,
  reason: string(120),
});
/** How a command from a component on board ended, refusals included. */
export const SourceStatus = port('SourceStatus', {
  opcode: U32,
  context: U32,
  status: CmdStatus,
  reason: string(120),
});
/** The level of a source of commands: it may give the commands of its level and of those below. */
export const Authority = enumeration('Fw.Authority', { operator: 0, engineer: 1, safety: 2 });

/** A parameter's saved value, or `valid: false`. */
export const PrmGet = port(
  'PrmGet',
  { id: U32 },
  {
    returns: reference<{ valid: boolean; value: Uint8Array }>('PrmValue', {
      valid: false,
      value: new Uint8Array(0),
    }),
  },
);
/** Hands a parameter's value to the store, which saves it. */
export const PrmSet = port('PrmSet', { id: U32, value: bytes(MAX_PAYLOAD) }, { returns: bool });

/** An F´ packet (descriptor first) on its way to the radio. `value` is what its delivery is worth to the mission. */
export const Com = port('Com', { data: bytes(1016), value: F32 });
/** As `Com`, for what is worth nothing any more once it has waited `lifeS` seconds; 0: it never expires. */
export const TimedCom = port('TimedCom', { data: bytes(1016), value: F32, lifeS: U32 });
/** An F´ packet (descriptor first) that came up the link; `context` is its space packet's sequence count. */
export const ComIn = port('ComIn', { data: bytes(1016), context: U32 });
/** Raw bytes: a transfer frame, or what a receiver heard. */
export const ByteStream = port('ByteStream', { data: bytes(65535) });

/** Permission to send this many more bytes to the radio now; `inContact` is false when a contact has ended. */
export const LinkGrant = port('LinkGrant', { bytes: U32, inContact: bool });
/** Complete the transfer frame under way with idle fill, so that nothing waits for the next packet. */
export const Flush = port('Flush', {});
/** A channel's latest value: its time tag and bytes, or undefined before the first write. */
export const TlmGet = port(
  'TlmGet',
  { id: U32 },
  { returns: reference<{ time: Time; value: Uint8Array } | undefined>('TlmValue') },
);

/** A pooled buffer changes its owner. */
export const BufferSend = port('BufferSend', { buffer: reference<PooledBuffer>('PooledBuffer') });

/** FATAL was logged by the named event id. */
export const FatalEvent = port('FatalEvent', { id: U32 });
/** Restarts a component whose state is given up. */
export const Restart = port('Restart', { reason: string(120) });

/** The spacecraft's mode; in `SAFE` only the core and the link run. */
export const Mode = enumeration('Fw.Mode', { NOMINAL: 0, SAFE: 1 });
export const ModeChange = port('ModeChange', { mode: Mode });

/** What a command handler answers with. */
export interface CommandReply {
  readonly status: CmdStatus;
  readonly reason: string;
}
export const ok: CommandReply = { status: 'OK', reason: '' };

/** The command could not be done; `reason` goes into the response event. */
export function refused(reason: string, status: CmdStatus = 'EXECUTION_ERROR'): CommandReply {
  return { status, reason };
}
