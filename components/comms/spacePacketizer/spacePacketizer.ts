/** Puts each F´ packet, and each PDU of another protocol, into a space packet. */
import { ByteStream, Com, component, defineComponent, input, output, U32 } from '../../../fsw/framework';
import {
  IDLE_APID,
  readU16,
  SequenceCounters,
  SPACE_PACKET_HEADER_LENGTH,
  writeSpacePacketHeader,
} from '../../../fsw/protocols';
import { Pdu } from '../pduPort';

export const spacePacketizer = component(
  defineComponent({
    kind: 'passive',
    doc: 'Puts each F´ packet into a space packet of its own; the APID is the packet descriptor.',
    ports: { packetIn: input.sync(Com), pduIn: input.sync(Pdu), out: output(ByteStream) },
    events: {
      BadPacket: {
        id: 0,
        severity: 'warning-low',
        args: { length: U32, descriptor: U32 },
        format: 'a packet of {length} bytes with descriptor {descriptor} has no APID and was dropped',
        throttle: 10,
        doc: 'A packet too short for a descriptor, or whose descriptor is no APID for packets that carry data.',
      },
    },
    telemetry: {
      BadPackets: {
        id: 0,
        type: U32,
        update: 'on-change',
        doc: 'Packets dropped because they have no APID.',
      },
    },
  }),
  {
    state: () => ({ counters: new SequenceCounters(), badPackets: 0 }),
    ports({ state, out, event, tlm }) {
      const send = (data: Uint8Array, apid: number) => {
        if (data.length === 0 || apid >= IDLE_APID) {
          event.BadPacket({ length: data.length, descriptor: apid });
          tlm.BadPackets(++state.badPackets);
          return;
        }
        const packet = new Uint8Array(SPACE_PACKET_HEADER_LENGTH + data.length);
        const header = {
          type: 'telemetry',
          apid,
          sequence: state.counters.next(apid),
          dataLength: data.length,
        } as const;
        packet.set(data, writeSpacePacketHeader(packet, 0, header));
        out.out({ data: packet });
      };
      return {
        packetIn: ({ data }) => send(data, data.length < 2 ? IDLE_APID : readU16(data, 0)),
        pduIn: ({ data, apid }) => send(data, apid),
      };
    },
  },
);
