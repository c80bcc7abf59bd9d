/** A file on its way up to a simulated spacecraft, by the same steps as `perigee upload`. */
import {
  Apid,
  SPACE_PACKET_HEADER_LENGTH,
  TC_OVERHEAD,
  writeSpacePacketHeader,
  writeTcFrame,
} from '../../fsw/protocols';
import { FileUpload } from '../../ground-tools/files/fileUpload';
import type { GroundStation } from '../simulators/groundStation';

/** Packets radiated at each turn. */
const BURST = 20;

/** Calls of the returned function, about once a second of flight, send the file; it says where the file lies once it is there. */
export function upload(
  ground: GroundStation,
  destination: string,
  content: Uint8Array,
): () => string | undefined {
  const sender = new FileUpload({
    size: content.length,
    read: (offset, into) => into.set(content.subarray(offset, offset + into.length)),
    source: 'ground',
    destination,
  });
  let heard = ground.received.length;
  let sequence = 0;
  let turns = 0;
  return () => {
    for (const { content: packet } of ground.received.slice(heard))
      if (packet.kind === 'event')
        sender.hear({ name: packet.name.split('.').at(-1) ?? '', args: packet.args });
    heard = ground.received.length;
    if (sender.status.kind === 'failed') throw new Error(sender.status.reason);
    if (sender.status.kind === 'received') return sender.status.path;
    // Ten turns of silence.
    if (++turns % 10 === 0) sender.again();
    for (let i = 0; i < BURST; i++) {
      const packet = sender.next();
      if (packet === undefined) break;
      if (!packet.ok) throw new Error(packet.error.text);
      ground.radiateFrame(fileFrame(packet.value, sequence++));
    }
    return undefined;
  };
}

function fileFrame(data: Uint8Array, sequence: number): Uint8Array {
  const packet = new Uint8Array(SPACE_PACKET_HEADER_LENGTH + data.length);
  const head = { type: 'telecommand' as const, apid: Apid.FILE, sequence, dataLength: data.length };
  packet.set(data, writeSpacePacketHeader(packet, 0, head));
  const frame = new Uint8Array(packet.length + TC_OVERHEAD);
  const written = writeTcFrame(frame, 0, packet);
  if (!written.ok) throw new Error(written.error.text);
  return frame.subarray(0, written.value);
}
