import type { Contact, Radio } from '../../fsw/framework/board';
import type { Clock } from '../../fsw/framework/clock';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { Apid, readDescriptor, SPACE_PACKET_HEADER_LENGTH, TmDeframer } from '../../fsw/protocols';
import { type Downlinked, readDownlink } from '../../ground-tools/link/downlink';
import type { GroundSecurity } from '../../ground-tools/link/security';
import { CommandUplink } from '../../ground-tools/link/uplink';

/** A packet on the ground: what it says, its size as a space packet, and when it arrived (flight time). */
export interface Received {
  readonly atUs: number;
  readonly bytes: number;
  readonly station: string;
  readonly content: Downlinked;
}

export interface SentCommand {
  readonly atUs: number;
  readonly name: string;
  readonly uplink: number;
}

/**
 * The ground stations and the operator behind them: hears frames while the spacecraft is in view, reads them
 * with the project's own ground tools, and greets the spacecraft at each pass with a command.
 */
export class GroundStation {
  readonly received: Received[] = [];
  readonly commands: SentCommand[] = [];
  /** Frames that nobody could hear. */
  framesLost = 0;
  frames = 0;
  frameBytes = 0;
  /** Of what was radiated, frames and their overhead. */
  radiatedBytes = 0;
  /** Packets that the dictionary could not explain: 0, or the link is broken. */
  unreadable = 0;
  readonly radio: Radio;
  /** Takes F´ file packets, descriptor first. */
  onFile: (packet: Uint8Array) => void = () => {};
  private readonly clock: Clock;
  private readonly contacts: readonly Contact[];
  private dictionary: Dictionary | undefined;
  private spacecraft: ((bytes: Uint8Array) => void) | undefined;
  private station = '';
  private deframer = new TmDeframer({ onPacket: (packet) => this.hear(packet) });
  private security: GroundSecurity | undefined;

  constructor(clock: Clock, contacts: readonly Contact[]) {
    this.clock = clock;
    this.contacts = contacts;
    this.radio = {
      send: (frame) => this.receive(frame),
      onReceive: (receiver) => {
        this.spacecraft = receiver;
      },
    };
  }

  /**
   * Opens the link, secured or in clear: from now on the operator sends `CMD_NO_OP_STRING` a minute into each
   * pass.
   */
  operate(dictionary: Dictionary, security?: GroundSecurity): void {
    this.dictionary = dictionary;
    this.security = security;
    this.deframer = new TmDeframer({ onPacket: (packet) => this.hear(packet), open: security?.openTm });
    const uplink = new CommandUplink(dictionary);
    this.contacts.forEach(({ startUs, station }, i) => {
      const greeting = { arg1: `pass ${i + 1} over ${station}` };
      this.clock.after(startUs + 60e6 - this.clock.nowUs(), () =>
        this.send(uplink, 'commandDispatcher.CMD_NO_OP_STRING', greeting),
      );
    });
  }

  /** Sends one command, if the spacecraft is in view. */
  send(uplink: CommandUplink, name: string, args: Readonly<Record<string, unknown>>): void {
    const made = uplink.command(name, args);
    if (!made.ok) throw new Error(made.error.text);
    if (this.radiateFrame(made.value.frame))
      this.commands.push({ atUs: this.clock.nowUs(), name, uplink: made.value.uplink });
  }

  /** Sends a TC frame up, sealed when the link is secured; false when no station sees the spacecraft. */
  radiateFrame(clear: Uint8Array): boolean {
    if (this.inView() === undefined) return false;
    const sealed = this.security?.sealTc(clear);
    if (sealed?.ok === false) throw new Error(sealed.error.text);
    return this.radiate(sealed?.value ?? clear);
  }

  /** Sends raw bytes up; false when no station sees the spacecraft. */
  radiate(bytes: Uint8Array): boolean {
    if (this.inView() === undefined) return false;
    this.radiatedBytes += bytes.length;
    this.spacecraft?.(bytes);
    return true;
  }

  private inView(): Contact | undefined {
    const now = this.clock.nowUs();
    return this.contacts.find(({ startUs, endUs }) => startUs <= now && now < endUs);
  }

  private receive(frame: Uint8Array): void {
    const contact = this.inView();
    if (contact === undefined) {
      this.framesLost++;
      return;
    }
    this.frames++;
    this.frameBytes += frame.length;
    this.station = contact.station;
    this.deframer.push(frame);
  }

  private hear(packet: Uint8Array): void {
    if (this.dictionary === undefined) return;
    const inside = packet.subarray(SPACE_PACKET_HEADER_LENGTH);
    const descriptor = readDescriptor(inside);
    if (descriptor.ok && descriptor.value === Apid.FILE) {
      this.onFile(inside.slice());
      return;
    }
    const content = readDownlink(this.dictionary, packet);
    if (!content.ok) this.unreadable++;
    else
      this.received.push({
        atUs: this.clock.nowUs(),
        bytes: packet.length,
        station: this.station,
        content: content.value,
      });
  }
}
