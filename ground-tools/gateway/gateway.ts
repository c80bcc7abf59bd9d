/**
 * Keeps the link to the spacecraft. What comes from it is recorded first, then deframed, read by the
 * dictionary, and served: so every packet that a client ever got is in the recording.
 */
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { WallClock } from '../../fsw/framework/wallClock';
import { type Link, type LinkSpec, linkText, openLink } from '../../fsw/links';
import {
  SequenceCounters,
  SPACE_PACKET_HEADER_LENGTH,
  TC_OVERHEAD,
  writeSpacePacketHeader,
  writeTcFrame,
} from '../../fsw/protocols';
import { Commander } from './commander';
import { FanOut, type FanOutLimits } from './fanOut';
import { compare, hashIn } from './handshake';
import { Intake, type IntakeOptions } from './intake';
import { apidOf, jsonText, lineWriter, messageOf } from './lines';
import type { CommandOutcome, ReadingMessage, Status } from './messages';
import { type FsyncPolicy, Recorder, UNREAD_APID } from './recorder';

export interface GatewayOptions extends IntakeOptions {
  readonly link: LinkSpec;
  readonly dictionary: Dictionary;
  /** The dictionary's JSON: clients ask for it, and it is kept with the recording. */
  readonly dictionaryText: string;
  /** Folder of the recording; nothing is recorded without it. */
  readonly record?: string;
  readonly fsync?: FsyncPolicy;
  readonly segmentBytes?: number;
  /** Refuses commands until the spacecraft has said that it flies our dictionary. */
  readonly strict?: boolean;
  /** Who we are to the spacecraft; see `Commander`. */
  readonly sender?: number;
  readonly repeatMs?: number;
  readonly limits?: FanOutLimits;
}

export class Gateway {
  readonly dictionaryText: string;
  readonly fanOut: FanOut;
  /** Number of the next packet. */
  next = 0;
  #chunks = 0;
  readonly #options: GatewayOptions;
  readonly #link: Link;
  readonly #recorder: Recorder | undefined;
  readonly #commander: Commander;
  readonly #counters = new SequenceCounters();
  readonly #values = new Map<string, ReadingMessage>();
  readonly #write: ReturnType<typeof lineWriter>;
  #spacecraftDictionary: string | undefined;
  #recordingFault: string | undefined;
  readonly #listeners: ((status: Status) => void)[] = [];
  readonly #intake: Intake;

  private constructor(options: GatewayOptions, link: Link, intake: Intake, recorder: Recorder | undefined) {
    this.#options = options;
    this.#intake = intake;
    this.dictionaryText = options.dictionaryText;
    this.fanOut = new FanOut(options.limits);
    this.#link = link;
    this.#recorder = recorder;
    this.#write = lineWriter(options.dictionary);
    const { dictionary, strict, sender, repeatMs, record } = options;
    this.#commander = new Commander({
      dictionary,
      strict,
      sender,
      repeatMs,
      radiate: (frame) => this.#radiate(frame),
      handshake: () => ({ state: this.status.spacecraft, found: this.#spacecraftDictionary }),
      sequenceFile: record && join(record, 'sequence.json'),
    });
    link.onReceive((bytes) => this.#receive(bytes));
    link.onChange(() => this.#changed());
  }

  /** Errors: RADIO_PORT, RECORD_FAILED, and those of `Intake.open`. */
  static async open(options: GatewayOptions): Promise<Result<Gateway>> {
    const { record: folder, fsync, segmentBytes, dictionary, dictionaryText: text } = options;
    const { coding, frameLength } = options;
    const intake = Intake.open(options);
    if (!intake.ok) return intake;
    let recorder: Recorder | undefined;
    if (folder !== undefined) {
      const about = { link: linkText(options.link), deployment: dictionary.deployment, coding, frameLength };
      const kept = { hash: dictionary.hash, text };
      const opened = Recorder.open({ folder, fsync, segmentBytes, about, dictionary: kept });
      if (!opened.ok) {
        intake.value.close();
        return opened;
      }
      recorder = opened.value;
    }
    const link = await openLink(options.link, new WallClock());
    if (link.ok) return succeed(new Gateway(options, link.value, intake.value, recorder));
    recorder?.close();
    intake.value.close();
    return link;
  }

  get status(): Status {
    const { dictionary, coding, frameLength } = this.#options;
    const { security } = this.#intake;
    const found = this.#spacecraftDictionary;
    const up = this.#link.connectedSinceUs !== undefined;
    const why = up ? '' : (this.#link.lastFailure ?? 'nobody is connected');
    return {
      deployment: dictionary.deployment,
      dictionary: dictionary.hash,
      spacecraft: compare(found, dictionary.hash),
      ...(found !== undefined && { spacecraftDictionary: found }),
      link: { spec: linkText(this.#link.spec), up, why },
      ...(security && { security }),
      ...(coding !== undefined && { coding }),
      ...(frameLength !== undefined && { frameLength }),
      ...(this.#recorder && { recording: this.#recorder.folder }),
      ...(this.#recordingFault !== undefined && { recordingFault: this.#recordingFault }),
    };
  }

  onStatus(listener: (status: Status) => void): void {
    this.#listeners.push(listener);
  }

  /** The newest value of each channel. */
  get values(): ReadingMessage[] {
    return [...this.#values.values()];
  }

  command(
    name: string,
    args: Readonly<Record<string, unknown>>,
    timeoutMs?: number,
  ): Promise<CommandOutcome> {
    return this.#commander.command(name, args, timeoutMs);
  }

  /**
   * Sends the data field of one space packet up (a file packet, a CFDP PDU). Errors: LINK_DOWN,
   * DICTIONARY_MISMATCH, TC_TOO_LONG (a secured packet may have 987 bytes), and those of `Intake.seal`.
   */
  sendPacket(apid: number, data: Uint8Array): Result<void> {
    const { spacecraft, spacecraftDictionary: found, dictionary: loaded } = this.status;
    if (spacecraft === 'mismatch') return fail('DICTIONARY_MISMATCH', { found, loaded });
    const packet = new Uint8Array(SPACE_PACKET_HEADER_LENGTH + data.length);
    const sequence = this.#counters.next(apid);
    const dataLength = data.length;
    packet.set(data, writeSpacePacketHeader(packet, 0, { type: 'telecommand', apid, sequence, dataLength }));
    const frame = new Uint8Array(packet.length + TC_OVERHEAD);
    const written = writeTcFrame(frame, 0, packet);
    return written.ok ? this.#radiate(frame.subarray(0, written.value)) : written;
  }

  async close(): Promise<void> {
    this.#commander.close();
    await this.#link.close();
    this.fanOut.flush();
    this.#recorder?.close();
    this.#intake.close();
  }

  #radiate(clear: Uint8Array): Result<void> {
    if (this.#link.connectedSinceUs === undefined)
      return fail('LINK_DOWN', { why: this.#link.lastFailure ?? 'nobody is connected' });
    const sealed = this.#intake.seal(clear);
    if (!sealed.ok) return sealed;
    const frame = sealed.value;
    try {
      this.#link.send(frame);
    } catch (error) {
      return fail('LINK_DOWN', { why: (error as Error).message });
    }
    this.#record('sent', Date.now(), [], frame);
    return succeed(undefined);
  }

  #receive(bytes: Uint8Array): void {
    const at = Date.now();
    const { packets, faults, unread, news } = this.#intake.take(bytes);
    const apids = [...new Set(packets.map(apidOf)), ...(unread ? [UNREAD_APID] : [])];
    this.#record('received', at, apids, bytes);
    this.fanOut.bytes(this.#chunks++, at, bytes);
    for (const { code, text } of faults) this.#serveFault(at, code, text);
    for (const packet of packets) this.#serve(at, packet);
    this.fanOut.flush();
    if (news) this.#changed();
  }

  #record(direction: 'received' | 'sent', atMs: number, apids: readonly number[], payload: Uint8Array): void {
    const recorded = this.#recorder?.append({ direction, atMs, apids, payload });
    const fault = recorded?.ok === false ? recorded.error.text : undefined;
    if (fault === this.#recordingFault) return;
    this.#recordingFault = fault;
    this.#changed();
  }

  #serve(at: number, packet: Uint8Array): void {
    const n = this.next++;
    const { dictionary } = this.#options;
    let message = messageOf(dictionary, packet, { n, at });
    const hash = hashIn(message, packet);
    if (hash !== undefined && hash !== this.#spacecraftDictionary) {
      this.#spacecraftDictionary = hash;
      this.#changed();
    }
    // Another dictionary's ids may mean anything: what ours would make of them is not shown.
    const isOurs = compare(this.#spacecraftDictionary, dictionary.hash) !== 'mismatch';
    if (!isOurs) message = messageOf(undefined, packet, { n, at });
    if (message.type === 'event') this.#commander.hear(message);
    if (message.type === 'channels') for (const value of message.values) this.#values.set(value.name, value);
    this.fanOut.packet({ n, at, kind: message.type, line: () => this.#write(message), packet });
  }

  #serveFault(at: number, code: string, text: string): void {
    const line = () => jsonText({ type: 'link-fault', at, code, text });
    this.fanOut.packet({ n: this.next, at, kind: 'link-fault', line, packet: NO_BYTES });
  }

  #changed(): void {
    const { status } = this;
    for (const listener of this.#listeners) listener(status);
  }
}

const NO_BYTES = new Uint8Array(0);
