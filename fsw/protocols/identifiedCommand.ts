/**
 * Identified commands: an F´ command packet that says who sent it and under which number, so that a repeated
 * transmission is known as one and is executed once. Perigee's own layout: F´ has no such packet.
 *
 * Big-endian: descriptor u16 = 0x0070 | sender u16 | sequence u32 | F´ command packet (descriptor u16 = 0 |
 * opcode u32 | arguments). It travels as the data field of a space packet with APID 0x070.
 *
 * A sender gives every command a sequence above all of its earlier ones (gaps are allowed) and repeats one
 * byte for byte. The spacecraft answers each with the event `CommandOutcome`, as often as it is repeated.
 */
import { fail, type Result, succeed } from '../errors';
import { readU16, readU32, writeU16, writeU32 } from './bytes';
import { writeCommandPacket } from './fprimePackets';

/** The descriptor of an identified command, and its APID. */
export const IDENTIFIED_COMMAND = 0x0070;
/** Bytes before the F´ command packet. */
export const IDENTITY_LENGTH = 8;

/** Names one command for ever: no sender uses a sequence twice. */
export interface CommandIdentity {
  /** 0..65535. */
  readonly sender: number;
  /** 0..4294967295. */
  readonly sequence: number;
}

export interface IdentifiedCommand extends CommandIdentity {
  /** A view of the F´ command packet, descriptor first. */
  readonly command: Uint8Array;
}

/** Writes the whole packet and returns the offset after it: `IDENTITY_LENGTH + 6 + args.length` bytes. */
export function writeIdentifiedCommand(
  into: Uint8Array,
  at: number,
  { sender, sequence }: CommandIdentity,
  opcode: number,
  args?: Uint8Array,
): number {
  const body = writeU32(into, writeU16(into, writeU16(into, at, IDENTIFIED_COMMAND), sender), sequence);
  return writeCommandPacket(into, body, opcode, args);
}

/** The F´ command packet inside is not read here. Errors: FPRIME_TRUNCATED, FPRIME_DESCRIPTOR. */
export function readIdentifiedCommand(packet: Uint8Array): Result<IdentifiedCommand> {
  const { length } = packet;
  if (length < IDENTITY_LENGTH)
    return fail('FPRIME_TRUNCATED', { what: 'identified command', length, needed: IDENTITY_LENGTH });
  const found = readU16(packet, 0);
  if (found !== IDENTIFIED_COMMAND) return fail('FPRIME_DESCRIPTOR', { found, expected: IDENTIFIED_COMMAND });
  return succeed({
    sender: readU16(packet, 2),
    sequence: readU32(packet, 4),
    command: packet.subarray(IDENTITY_LENGTH),
  });
}
