/** `perigee decode`: a file of frames, raw or captured, as readable lines. */
import { readFileSync } from 'node:fs';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { decode as decodeType, type Fields, struct } from '../../fsw/framework/types';
import {
  crc16,
  MIN_TC_FRAME_LENGTH,
  readCommandPacket,
  readIdentifiedCommand,
  readU16,
  type SpacePacket,
  splitSpacePackets,
  TC_HEADER_LENGTH,
  TmDeframer,
} from '../../fsw/protocols';
import { apidOf, jsonText, messageOf } from '../gateway/lines';
import type { FrameReader } from '../link/security';
import { clearOnly, isSecurityFault, looksSecured } from '../link/tmReader';
import { type Context, exit } from './context';
import { complain, type KeysOptions, lineOf, loadDictionary, Refusals, readerOf, valueText } from './ground';
import { capturedPayloads } from './pcap';

export interface DecodeOptions extends KeysOptions {
  readonly dictionary?: string;
  readonly spacecraft: number;
  readonly frameLength: number;
  readonly json?: boolean;
}

/** Prints each TM and TC frame and the packets in it; exits 1 when there is not one frame. */
export async function decode(context: Context, file: string, options: DecodeOptions): Promise<number> {
  const { json } = options;
  const failed = (error: Parameters<typeof complain>[1]) => {
    complain(context, error, json);
    return exit.usage;
  };
  let dictionary: Dictionary | undefined;
  if (options.dictionary !== undefined) {
    const loaded = await loadDictionary(context, options.dictionary);
    if (!loaded.ok) return failed(loaded.error);
    dictionary = loaded.value;
  }
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return failed(fail('CAPTURE_FORMAT', { file, why: (error as Error).message }).error);
  }
  const captured = capturedPayloads(bytes, file);
  if (captured && !captured.ok) return failed(captured.error);
  const keys = readerOf(options);
  if (!keys.ok) return failed(keys.error);
  const decoder = new Decoder(context, options, dictionary, keys.value);
  decoder.read(captured ? Buffer.concat(captured.value) : bytes);
  if (decoder.refusals.complain(context, json)) return exit.failed;
  if (decoder.frames > 0) return exit.ok;
  complain(
    context,
    fail('CAPTURE_FORMAT', { file, why: 'not one frame in it has a good checksum' }).error,
    json,
  );
  return exit.failed;
}

class Decoder {
  frames = 0;
  readonly refusals = new Refusals();
  #packets = 0;
  readonly #channels = new Map<number, TmDeframer>();

  constructor(
    private readonly context: Context,
    private readonly options: DecodeOptions,
    private readonly dictionary: Dictionary | undefined,
    private readonly keys: FrameReader | undefined,
  ) {}

  /** Slides over the bytes to each frame whose header and checksum are good. */
  read(bytes: Buffer): void {
    let garbageFrom: number | undefined;
    const endGarbage = (at: number) => {
      if (garbageFrom !== undefined)
        this.#say(
          { type: 'garbage', at: garbageFrom, bytes: at - garbageFrom },
          `${at - garbageFrom} bytes are no frame`,
        );
      garbageFrom = undefined;
    };
    let at = 0;
    while (at < bytes.length) {
      const length = this.#tmLength(bytes, at) ?? this.#tcLength(bytes, at);
      if (length === undefined) {
        garbageFrom ??= at;
        at++;
        continue;
      }
      endGarbage(at);
      this.frames++;
      const frame = bytes.subarray(at, at + length);
      if (this.#tmLength(bytes, at) === undefined) this.#telecommand(at, frame);
      else this.#telemetry(at, frame);
      at += length;
    }
    endGarbage(at);
  }

  #tmLength(bytes: Buffer, at: number): number | undefined {
    const { spacecraft, frameLength } = this.options;
    if (bytes.length - at < frameLength || readU16(bytes, at) >>> 4 !== spacecraft) return undefined;
    const end = at + frameLength - 2;
    return crc16(bytes, at, end) === readU16(bytes, end) ? frameLength : undefined;
  }

  #tcLength(bytes: Buffer, at: number): number | undefined {
    if (bytes.length - at < MIN_TC_FRAME_LENGTH || (bytes[at] & 0xcc) !== 0) return undefined;
    if ((readU16(bytes, at) & 0x3ff) !== this.options.spacecraft) return undefined;
    const length = (readU16(bytes, at + 2) & 0x3ff) + 1;
    if (length < MIN_TC_FRAME_LENGTH || at + length > bytes.length) return undefined;
    const end = at + length - 2;
    return crc16(bytes, at, end) === readU16(bytes, end) ? length : undefined;
  }

  #telemetry(at: number, frame: Buffer): void {
    const channel = (frame[1] >>> 1) & 7;
    const [masterCount, channelCount] = [frame[2], frame[3]];
    const pointer = readU16(frame, 4) & 0x7ff;
    const starts =
      pointer === 0x7ff ? 'no packet starts' : pointer === 0x7fe ? 'idle' : `first packet at ${pointer}`;
    this.#say(
      {
        type: 'tm-frame',
        at,
        channel,
        masterCount,
        channelCount,
        firstHeader: pointer,
        length: frame.length,
      },
      `TM frame at ${at}: channel ${channel}, counts ${masterCount}/${channelCount}, ${starts}`,
    );
    this.#deframer(channel).push(frame);
  }

  #deframer(channelId: number): TmDeframer {
    const known = this.#channels.get(channelId);
    if (known) return known;
    const { spacecraft: spacecraftId, frameLength } = this.options;
    const deframer = new TmDeframer({
      spacecraftId,
      channelId,
      frameLength,
      open: this.keys?.openTm ?? clearOnly(),
      onPacket: (packet) => this.#downlinked(packet),
      onFault: (fault) => {
        this.refusals.add(fault);
        const { code, text } = fault;
        if (!isSecurityFault(fault)) this.#say({ type: 'link-fault', code, text }, `  ${text}`);
      },
    });
    this.#channels.set(channelId, deframer);
    return deframer;
  }

  #downlinked(packet: Uint8Array): void {
    const message = messageOf(this.dictionary, packet, { n: this.#packets++, at: 0 });
    const text =
      message.type === 'packet'
        ? `APID ${apidOf(packet)}, count ${readU16(packet, 2) & 0x3fff}, ${packet.length - 6} bytes  ${message.hex.slice(12)}`
        : (lineOf(message, this.context) ?? '');
    this.#say(message, `  ${text.replace(/\n/g, '\n  ')}`);
  }

  #telecommand(at: number, frame: Buffer): void {
    const channel = frame[2] >>> 2;
    const bypass = (frame[0] & 0x20) !== 0;
    const control = (frame[0] & 0x10) !== 0;
    const sequence = frame[4];
    const service = `${bypass ? 'bypass' : 'sequence controlled'}${control ? ', control' : ''}`;
    this.#say(
      { type: 'tc-frame', at, channel, bypass, control, sequence, length: frame.length },
      `TC frame at ${at}: channel ${channel}, ${service}, number ${sequence}, ${frame.length} bytes`,
    );
    const opened = this.#openTc(frame);
    if (!opened.ok) {
      this.refusals.add(opened.error);
      return;
    }
    const data = Buffer.from(opened.value);
    const split = splitSpacePackets(data, (packet) => this.#uplinked(packet));
    if (!split.ok)
      this.#say(
        { type: 'data', hex: data.toString('hex'), why: split.error.text },
        `  ${split.error.text}: ${data.toString('hex')}`,
      );
  }

  /** Its data field; a file may hold clear and secured ones. */
  #openTc(frame: Buffer): Result<Uint8Array> {
    const clear = frame.subarray(TC_HEADER_LENGTH, frame.length - 2);
    if (!looksSecured(frame, 'tc', TC_HEADER_LENGTH)) return succeed(clear);
    return this.keys ? this.keys.openTc(frame) : fail('SDLS_KEYS_MISSING');
  }

  #uplinked({ apid, sequence, data }: SpacePacket): void {
    const identified = readIdentifiedCommand(data);
    const identity = identified.ok
      ? { sender: identified.value.sender, number: identified.value.sequence }
      : undefined;
    const command = readCommandPacket(identified.ok ? identified.value.command : data);
    const entry = command.ok
      ? this.dictionary?.commands.find(({ id }) => id === command.value.opcode)
      : undefined;
    const hex = Buffer.from(data).toString('hex');
    if (!command.ok || entry === undefined) {
      this.#say(
        { type: 'tc-packet', apid, sequence, hex },
        `  APID ${apid}, count ${sequence}, ${data.length} bytes  ${hex}`,
      );
      return;
    }
    const args = decodeType(struct(entry.name, entry.args ?? ({} as Fields)), command.value.args);
    const shown = args.ok ? args.value : { error: args.error.text };
    const who = identity ? `${identity.sender}.${identity.number} ` : '';
    const words = Object.entries(shown).map(([name, value]) => `${name}=${valueText(value)}`);
    this.#say(
      { type: 'command', apid, sequence, ...identity, name: entry.name, args: shown },
      `  command ${who}${entry.name} ${words.join(' ')}`,
    );
  }

  #say(object: object, text: string): void {
    this.context.out.write(`${this.options.json ? jsonText(object) : text}\n`);
  }
}
