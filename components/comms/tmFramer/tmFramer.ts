/** Packs space packets into TM transfer frames. */
import {
  ByteStream,
  component,
  defineComponent,
  Flush,
  input,
  output,
  string,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import { SPACECRAFT_ID, TM_FRAME_LENGTH, TmFramer, VIRTUAL_CHANNEL_ID } from '../../../fsw/protocols';

export const tmFramer = component(
  defineComponent({
    kind: 'passive',
    doc: 'Packs space packets into TM transfer frames of one length; packets may span frames.',
    ports: { packetIn: input.sync(ByteStream), flush: input.sync(Flush), frameOut: output(ByteStream) },
    events: {
      PacketRefused: {
        id: 0,
        severity: 'warning-high',
        args: { code: string(24), text: string(120) },
        format: '{code}: {text}',
        throttle: 10,
        doc: 'What came was not one whole space packet; it would have put the ground out of step.',
      },
    },
    telemetry: {
      FramesSent: { id: 0, type: U32, update: 'on-change', doc: 'Frames handed to the radio.' },
      PacketsRefused: { id: 1, type: U32, update: 'on-change', doc: 'Packets that were not whole.' },
    },
    config: {
      spacecraftId: { type: U16, default: SPACECRAFT_ID, max: 0x3ff, doc: 'CCSDS spacecraft id.' },
      channelId: { type: U8, default: VIRTUAL_CHANNEL_ID, max: 7, doc: 'Virtual channel id.' },
      frameLength: {
        type: U16,
        default: TM_FRAME_LENGTH,
        min: 16,
        max: 2048,
        unit: 'B',
        doc: 'Length of every frame.',
      },
    },
  }),
  {
    state: () => ({ packetsRefused: 0 }),
    ports({ state, config, out, event, tlm }) {
      const framer = new TmFramer({
        ...config,
        onFrame: (frame) => {
          tlm.FramesSent(framer.frames);
          // The framer fills its one buffer again.
          out.frameOut({ data: frame.slice() });
        },
      });
      return {
        packetIn({ data }) {
          const added = framer.add(data);
          if (added.ok) return;
          event.PacketRefused(added.error);
          tlm.PacketsRefused(++state.packetsRefused);
        },
        flush: () => framer.flush(),
      };
    },
  },
);
