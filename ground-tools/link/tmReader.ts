/** From the bytes of a link to space packets: its coding undone, its frames found, and opened if they are secured. */
import { type Fault, fail, type Result, succeed } from '../../fsw/errors';
import {
  type LinkCoding,
  LinkDecoder,
  OCF_FLAG,
  OCF_LENGTH,
  readU16,
  TM_FRAME_LENGTH,
  TM_HEADER_LENGTH,
  TmDeframer,
  type TmDeframerOptions,
} from '../../fsw/protocols';
import { slotOf } from '../../fsw/protocols/sdls';

/** How a spacecraft sends: what reading its frames takes. */
export interface TmForm {
  /** 1024 unless told. */
  readonly frameLength?: number;
  /** Absent: frames come bare. */
  readonly coding?: LinkCoding;
  /** Opens a secured frame. Absent: frames come in clear, and secured ones are refused (SDLS_KEYS_MISSING). */
  readonly open?: (frame: Uint8Array) => Result<Uint8Array>;
}

export interface TmReader {
  push(chunk: Uint8Array): void;
  readonly counts: TmDeframer['counts'];
  /** Where there is a coding. */
  readonly coding?: LinkDecoder['counts'];
}

/** Errors: CODING_LENGTH, when a frame does not fit the code. */
export function tmReader(
  { frameLength = TM_FRAME_LENGTH, coding, open = clearOnly() }: TmForm,
  hears: Pick<TmDeframerOptions, 'onPacket' | 'onFault' | 'onOcf' | 'spacecraftId' | 'channelId'>,
): Result<TmReader> {
  const deframer = new TmDeframer({ ...hears, frameLength, open });
  const { counts } = deframer;
  if (coding === undefined) return succeed({ push: (chunk) => deframer.push(chunk), counts });
  const onFrame = (frame: Uint8Array) => deframer.push(frame);
  const decoder = LinkDecoder.make(frameLength, coding, { onFrame, onFault: hears.onFault });
  if (!decoder.ok) return decoder;
  return succeed({ push: (chunk) => decoder.value.push(chunk), counts, coding: decoder.value.counts });
}

/** The refusal of a frame that cannot be read, for want of a key or for the wrong one. */
export function isSecurityFault({ code }: Fault): boolean {
  return code.startsWith('SDLS_');
}

/**
 * Passes clear frames and refuses secured ones. Nothing in a frame's header tells them apart; ours start with
 * one of few SPIs and a number far below 2^32. A single clear frame among others may look like that.
 */
export function clearOnly(): (frame: Uint8Array) => Result<Uint8Array> {
  let last = true;
  return (frame) => {
    const looks = looksSecured(frame, 'tm', TM_HEADER_LENGTH);
    const isSecured = looks && last;
    last = looks;
    if (isSecured) return fail('SDLS_KEYS_MISSING');
    const ocfLength = readU16(frame, 0) & OCF_FLAG ? OCF_LENGTH : 0;
    return succeed(frame.subarray(TM_HEADER_LENGTH, frame.length - 2 - ocfLength));
  };
}

/** Whether a security header as ours stands at `at`: a known SPI, then eight zeros, the head of the number. */
export function looksSecured(frame: Uint8Array, direction: 'tm' | 'tc', at: number): boolean {
  if (frame.length < at + 14 || slotOf(direction, readU16(frame, at)) === undefined) return false;
  return frame.subarray(at + 2, at + 10).every((byte) => byte === 0);
}
