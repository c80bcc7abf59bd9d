import { fail, type Result, succeed } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { nearest } from '../../fsw/framework/settings';
import { encode, type Fields, struct } from '../../fsw/framework/types';
import {
  Apid,
  SequenceCounters,
  SPACE_PACKET_HEADER_LENGTH,
  writeCommandPacket,
  writeSpacePacketHeader,
  writeTcFrame,
} from '../../fsw/protocols';

/** A command ready to be radiated: its TC frame, and the count by which its events will name it. */
export interface UplinkFrame {
  readonly frame: Uint8Array;
  readonly uplink: number;
}

/** Turns commands by name into TC frames, one space packet each, as F´ GDS does. */
export class CommandUplink {
  private readonly counters = new SequenceCounters();
  private readonly dictionary: Dictionary;
  private readonly prefix: string;

  constructor(dictionary: Dictionary) {
    this.dictionary = dictionary;
    this.prefix = `${dictionary.deployment}.`;
  }

  /**
   * `name` is qualified, with or without the deployment (`camera.CAPTURE`). Arguments are checked here,
   * before anything is sent. Errors: LINK_UNKNOWN_COMMAND, the type errors, TC_*.
   */
  command(name: string, args: Readonly<Record<string, unknown>> = {}): Result<UplinkFrame> {
    const qualified = name.startsWith(this.prefix) ? name : this.prefix + name;
    const entry = this.dictionary.commands.find((command) => command.name === qualified);
    if (entry === undefined) {
      const known = this.dictionary.commands.map((command) => command.name);
      return fail('LINK_UNKNOWN_COMMAND', { name: qualified, nearest: nearest(qualified, known) });
    }
    const type = struct(entry.name, entry.args ?? ({} as Fields));
    const checked = type.check(args, entry.name);
    if (!checked.ok) return checked;
    const bytes = encode(type, checked.value);
    const packet = new Uint8Array(SPACE_PACKET_HEADER_LENGTH + 6 + bytes.length);
    const uplink = this.counters.next(Apid.COMMAND);
    const dataLength = packet.length - SPACE_PACKET_HEADER_LENGTH;
    const data = writeSpacePacketHeader(packet, 0, {
      type: 'telecommand',
      apid: Apid.COMMAND,
      sequence: uplink,
      dataLength,
    });
    writeCommandPacket(packet, data, entry.id, bytes);
    const frame = new Uint8Array(packet.length + 7);
    const written = writeTcFrame(frame, 0, packet);
    return written.ok ? succeed({ frame: frame.subarray(0, written.value), uplink }) : written;
  }
}
