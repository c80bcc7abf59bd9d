import { fail, type Result, succeed } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { nearest } from '../../fsw/framework/settings';
import { encode, type Fields, struct, type Type, U16, U32 } from '../../fsw/framework/types';
import {
  Apid,
  type CommandIdentity,
  IDENTIFIED_COMMAND,
  IDENTITY_LENGTH,
  SequenceCounters,
  SPACE_PACKET_HEADER_LENGTH,
  TC_OVERHEAD,
  writeCommandPacket,
  writeIdentifiedCommand,
  writeSpacePacketHeader,
  writeTcFrame,
} from '../../fsw/protocols';

/** A command ready to be radiated: its TC frame, and the count by which its events will name it. */
export interface UplinkFrame {
  readonly frame: Uint8Array;
  readonly uplink: number;
}

/** Descriptor and opcode. */
const COMMAND_HEAD_LENGTH = 6;

const identityType = struct('CommandIdentity', { sender: U16, sequence: U32 });

/** Turns commands by name into TC frames, one space packet each, as F´ GDS does. */
export class CommandUplink {
  private readonly counters = new SequenceCounters();
  private readonly entries: ReadonlyMap<string, { readonly opcode: number; readonly type: Type<object> }>;
  private readonly prefix: string;

  constructor(dictionary: Dictionary) {
    this.entries = new Map(
      dictionary.commands.map(({ name, id, args }) => [
        name,
        { opcode: id, type: struct(name, args ?? ({} as Fields)) },
      ]),
    );
    this.prefix = `${dictionary.deployment}.`;
  }

  /**
   * `name` is qualified, with or without the deployment (`camera.CAPTURE`). Arguments are checked here,
   * before anything is sent. Errors: LINK_UNKNOWN_COMMAND, the type errors, TC_*.
   */
  command(name: string, args: Readonly<Record<string, unknown>> = {}): Result<UplinkFrame> {
    const made = this.serialise(name, args);
    if (!made.ok) return made;
    const { opcode, bytes } = made.value;
    const data = new Uint8Array(COMMAND_HEAD_LENGTH + bytes.length);
    writeCommandPacket(data, 0, opcode, bytes);
    return this.frame(Apid.COMMAND, data);
  }

  /**
   * The same command with an identity (see `fsw/protocols/identifiedCommand`): send it again, with the same
   * arguments, as often as it takes to hear its `CommandOutcome`; it is executed once. Errors: as `command`.
   */
  identified(
    name: string,
    args: Readonly<Record<string, unknown>>,
    sender: number,
    sequence: number,
  ): Result<UplinkFrame> {
    const made = this.serialise(name, args);
    if (!made.ok) return made;
    const { opcode, bytes } = made.value;
    const identity: CommandIdentity = { sender, sequence };
    // A number that is cut to its field would name another command.
    const named = identityType.check(identity, 'identity');
    if (!named.ok) return named;
    const data = new Uint8Array(IDENTITY_LENGTH + COMMAND_HEAD_LENGTH + bytes.length);
    writeIdentifiedCommand(data, 0, identity, opcode, bytes);
    return this.frame(IDENTIFIED_COMMAND, data);
  }

  private serialise(name: string, args: Readonly<Record<string, unknown>>) {
    const qualified = name.startsWith(this.prefix) ? name : this.prefix + name;
    const entry = this.entries.get(qualified);
    if (entry === undefined)
      return fail('LINK_UNKNOWN_COMMAND', {
        name: qualified,
        nearest: nearest(qualified, [...this.entries.keys()]),
      });
    const { opcode, type } = entry;
    const checked = type.check(args, qualified);
    return checked.ok ? succeed({ opcode, bytes: encode(type, checked.value) }) : checked;
  }

  /** One space packet in one TC frame. */
  private frame(apid: number, data: Uint8Array): Result<UplinkFrame> {
    const packet = new Uint8Array(SPACE_PACKET_HEADER_LENGTH + data.length);
    const sequence = this.counters.next(apid);
    const dataLength = data.length;
    packet.set(data, writeSpacePacketHeader(packet, 0, { type: 'telecommand', apid, sequence, dataLength }));
    const frame = new Uint8Array(packet.length + TC_OVERHEAD);
    const written = writeTcFrame(frame, 0, packet);
    return written.ok ? succeed({ frame: frame.subarray(0, written.value), uplink: sequence }) : written;
  }
}
