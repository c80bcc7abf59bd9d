/** Packs space packets into TM transfer frames. */
import {
  ByteStream,
  component,
  defineComponent,
  Flush,
  input,
  isConnected,
  output,
  string,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import { SPACECRAFT_ID, TM_FRAME_LENGTH, TmFramer, VIRTUAL_CHANNEL_ID } from '../../../fsw/protocols';
import { TmRoom, TmSeal } from '../securityPorts';

/** Without link security. */
const MIN_FRAME_LENGTH = 16;

export const tmFramer = component(
  defineComponent({
    kind: 'passive',
    doc: 'Packs space packets into TM transfer frames of one length; packets may span frames.',
    ports: {
      packetIn: input.sync(ByteStream),
      flush: input.sync(Flush),
      room: output(TmRoom, { optional: true }),
      seal: output(TmSeal, { optional: true }),
      frameOut: output(ByteStream),
    },
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
      FramesUnsealed: {
        id: 2,
        type: U32,
        update: 'on-change',
        doc: 'Frames dropped because the link security did not seal them.',
      },
    },
    config: {
      spacecraftId: { type: U16, default: SPACECRAFT_ID, max: 0x3ff, doc: 'CCSDS spacecraft id.' },
      channelId: { type: U8, default: VIRTUAL_CHANNEL_ID, max: 7, doc: 'Virtual channel id.' },
      frameLength: {
        type: U16,
        default: TM_FRAME_LENGTH,
        min: MIN_FRAME_LENGTH,
        max: 2048,
        unit: 'B',
        doc: 'Length of every frame.',
      },
    },
  }),
  {
    state: () => ({ packetsRefused: 0 }),
    ports({ state, config, out, event, tlm }) {
      const protection = () => {
        const { headerLength, trailerLength } = out.room({});
        const needed = MIN_FRAME_LENGTH + headerLength + trailerLength;
        if (config.frameLength < needed)
          throw new Error(`frameLength ${config.frameLength}: link security needs ${needed} at least`);
        return { headerLength, trailerLength, seal: (frame: Uint8Array) => out.seal({ frame }) };
      };
      let made: TmFramer | undefined;
      // Made at the first packet: only when all components are up can the link security say what room it needs.
      const framer = () => {
        made ??= new TmFramer({
          ...config,
          protection: isConnected(out.seal) ? protection() : undefined,
          onFrame: (frame) => {
            tlm.FramesSent(made?.frames ?? 0);
            // The framer fills its one buffer again.
            out.frameOut({ data: frame.slice() });
          },
        });
        return made;
      };
      return {
        packetIn({ data }) {
          const added = framer().add(data);
          tlm.FramesUnsealed(framer().unsealed);
          if (added.ok) return;
          event.PacketRefused(added.error);
          tlm.PacketsRefused(++state.packetsRefused);
        },
        flush() {
          framer().flush();
          tlm.FramesUnsealed(framer().unsealed);
        },
      };
    },
  },
);
