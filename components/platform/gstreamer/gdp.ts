/**
 * GStreamer Data Protocol 1.0, what `gdppay` writes: caps and buffers, each behind a header of 62 bytes that carries
 * the buffer's time-stamp and number (gst-plugins-bad, gst/gdp/dataprotocol.h).
 */
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import { crc16 } from '../../../fsw/protocols/crc16';

export const GDP_HEADER_BYTES = 62;
const CRC_AT = 58;
const FLAG_HEADER_CRC = 1;
const BUFFER = 1;
const CAPS = 2;
/** Caps and events are short texts. */
const MAX_TEXT_BYTES = 65_536;
const NONE = 0xffff_ffff_ffff_ffffn;

export interface GdpHeader {
  /** 1 a buffer, 2 caps, from 64 on an event. */
  readonly type: number;
  readonly bytes: number;
  /** Presentation time-stamp, microseconds of the pipeline. */
  readonly ptsUs: number | undefined;
  /** Number of the frame as the source counts it, those that it lost included. */
  readonly number: number | undefined;
}

/** Who takes what a stream carries. */
export interface GdpReceiver {
  /** The form of all buffers that follow, such as `video/x-raw, format=(string)RGB, width=(int)320, …`. */
  caps(text: string): Result<void>;
  /** A buffer begins: where its bytes go, exactly as many as the header says. */
  begin(header: GdpHeader): Result<Uint8Array>;
  /** It is there whole. */
  end(header: GdpHeader): void;
}

/** Errors: CAMERA_STREAM. */
export function readGdpHeader(header: Buffer): Result<GdpHeader> {
  if (header[0] !== 1 || header[1] !== 0) return wrong(`it begins with ${header.toString('hex', 0, 2)}`);
  // CRC-16 as in transfer frames, inverted.
  const crc = crc16(header, 0, CRC_AT) ^ 0xffff;
  if ((header[2] ?? 0) & FLAG_HEADER_CRC && crc !== header.readUInt16BE(CRC_AT))
    return wrong('the CRC of a header is wrong');
  const pts = header.readBigUInt64BE(10);
  const offset = header.readBigUInt64BE(26);
  return succeed({
    type: header.readUInt16BE(4),
    bytes: header.readUInt32BE(6),
    ptsUs: pts === NONE ? undefined : Number(pts / 1000n),
    number: offset === NONE ? undefined : Number(offset),
  });
}

/** Takes a stream in chunks of any size. A buffer's bytes are copied once, to where the receiver wants them. */
export class GdpReader {
  private readonly head = Buffer.alloc(GDP_HEADER_BYTES);
  private headFill = 0;
  private header: GdpHeader | undefined;
  /** Of the payload under way; undefined: it is of no interest. */
  private body: Uint8Array | undefined;
  private bodyFill = 0;

  constructor(private readonly receiver: GdpReceiver) {}

  /** Errors: CAMERA_STREAM and those of the receiver; after one, the reader is of no more use. */
  push(chunk: Uint8Array): Result<void> {
    for (let at = 0; at < chunk.length; ) {
      if (this.header === undefined) {
        const part = chunk.subarray(at, at + GDP_HEADER_BYTES - this.headFill);
        this.head.set(part, this.headFill);
        this.headFill += part.length;
        at += part.length;
        if (this.headFill < GDP_HEADER_BYTES) continue;
        const begun = this.begin();
        if (!begun.ok) return begun;
      } else {
        const part = chunk.subarray(at, at + this.header.bytes - this.bodyFill);
        this.body?.set(part, this.bodyFill);
        this.bodyFill += part.length;
        at += part.length;
      }
      const ended = this.endIfWhole();
      if (!ended.ok) return ended;
    }
    return succeed(undefined);
  }

  private begin(): Result<void> {
    const header = readGdpHeader(this.head);
    if (!header.ok) return header;
    const { type, bytes } = header.value;
    if (type === BUFFER) {
      const into = this.receiver.begin(header.value);
      if (!into.ok) return into;
      this.body = into.value;
    } else if (bytes > MAX_TEXT_BYTES) return wrong(`a text of ${bytes} bytes`);
    else this.body = type === CAPS ? new Uint8Array(bytes) : undefined;
    this.header = header.value;
    this.bodyFill = 0;
    return succeed(undefined);
  }

  private endIfWhole(): Result<void> {
    const { header, body } = this;
    if (header === undefined || this.bodyFill < header.bytes) return succeed(undefined);
    this.header = undefined;
    this.headFill = 0;
    if (header.type === BUFFER) this.receiver.end(header);
    else if (body !== undefined)
      return this.receiver.caps(Buffer.from(body).toString('latin1').replace(/\0.*$/s, ''));
    return succeed(undefined);
  }
}

function wrong(why: string): Failed {
  return fail('CAMERA_STREAM', { why });
}
