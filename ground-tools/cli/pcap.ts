/**
 * Payloads out of a capture file: pcap and pcapng, with UDP or TCP over IPv4 or IPv6, or user link types whose
 * packets are frames. TCP segments are taken in the order captured: a retransmission shows twice.
 */
import { fail, type Result, succeed } from '../../fsw/errors';

const PCAP = { micro: 0xa1b2c3d4, nano: 0xa1b23c4d } as const;
const PCAPNG_SECTION = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;

/** Bytes before the IP header, by link type; user types carry frames bare. */
const linkHeads: Readonly<Record<number, number>> = { 0: 4, 1: 14, 12: 0, 101: 0, 113: 16, 276: 20 };
const isUserType = (type: number) => type >= 147 && type <= 162;

/** The payloads in order, or undefined when `file` is no capture. Errors: CAPTURE_FORMAT. */
export function capturedPayloads(file: Buffer, name: string): Result<Uint8Array[]> | undefined {
  if (file.length < 24) return undefined;
  const wrong = (why: string) => fail('CAPTURE_FORMAT', { file: name, why });
  const magics: number[] = [PCAP.micro, PCAP.nano];
  if (magics.includes(file.readUInt32LE(0))) return readPcap(file, true, wrong);
  if (magics.includes(file.readUInt32BE(0))) return readPcap(file, false, wrong);
  if (file.readUInt32BE(0) === PCAPNG_SECTION) return readPcapng(file, wrong);
  return undefined;
}

type Wrong = (why: string) => ReturnType<typeof fail>;

function readPcap(file: Buffer, little: boolean, wrong: Wrong): Result<Uint8Array[]> {
  const u32 = (at: number) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const linkType = u32(20) & 0xffff;
  const payloads: Uint8Array[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const length = u32(at + 8);
    // The last packet may be torn: the capture was still running.
    if (at + 16 + length > file.length) break;
    const taken = take(payloads, file.subarray(at + 16, at + 16 + length), linkType);
    if (!taken) return wrong(`link type ${linkType} is not known`);
    at += 16 + length;
  }
  return succeed(payloads);
}

function readPcapng(file: Buffer, wrong: Wrong): Result<Uint8Array[]> {
  const payloads: Uint8Array[] = [];
  let linkTypes: number[] = [];
  let little = true;
  const u32 = (at: number) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const u16 = (at: number) => (little ? file.readUInt16LE(at) : file.readUInt16BE(at));
  for (let at = 0; at + 12 <= file.length; ) {
    if (file.readUInt32BE(at) === PCAPNG_SECTION) {
      little = file.readUInt32LE(at + 8) === BYTE_ORDER;
      linkTypes = [];
    }
    const type = u32(at);
    const length = u32(at + 4);
    if (length < 12 || length % 4 !== 0) return wrong(`the block at byte ${at} has ${length} bytes`);
    if (at + length > file.length) break;
    if (type === 1 && length >= 20) linkTypes.push(u16(at + 8));
    if (type === 6 && length >= 32) {
      const captured = Math.min(u32(at + 20), length - 32);
      const linkType = linkTypes[u32(at + 8)] ?? 0;
      const taken = take(payloads, file.subarray(at + 28, at + 28 + captured), linkType);
      if (!taken) return wrong(`link type ${linkType} is not known`);
    }
    at += length;
  }
  return succeed(payloads);
}

/** Adds the payload of one packet, if it has any. False when the link type is not known. */
function take(payloads: Uint8Array[], packet: Buffer, linkType: number): boolean {
  if (isUserType(linkType)) {
    payloads.push(packet);
    return true;
  }
  const head = linkHeads[linkType];
  if (head === undefined) return false;
  // A VLAN tag stands between addresses and type.
  const isTagged = linkType === 1 && packet.length > 18 && packet.readUInt16BE(12) === 0x8100;
  const payload = ipPayload(packet.subarray(isTagged ? head + 4 : head));
  if (payload && payload.length > 0) payloads.push(payload);
  return true;
}

function ipPayload(ip: Buffer): Buffer | undefined {
  const version = ip.length > 0 ? ip[0] >>> 4 : 0;
  if (version === 4 && ip.length >= 20) {
    const end = Math.min(ip.length, ip.readUInt16BE(2) || ip.length);
    return transportPayload(ip[9], ip.subarray((ip[0] & 15) * 4, end));
  }
  if (version === 6 && ip.length >= 40) {
    const end = Math.min(ip.length, 40 + (ip.readUInt16BE(4) || ip.length));
    return transportPayload(ip[6], ip.subarray(40, end));
  }
  return undefined;
}

const UDP = 17;
const TCP = 6;

function transportPayload(protocol: number, segment: Buffer): Buffer | undefined {
  if (protocol === UDP && segment.length >= 8) return segment.subarray(8);
  if (protocol === TCP && segment.length >= 20) return segment.subarray((segment[12] >>> 4) * 4);
  return undefined;
}
