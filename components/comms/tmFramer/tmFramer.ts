/** Packs space packets into TM transfer frames. */
import {
  ByteStream,
  bool,
  component,
  defineComponent,
  Flush,
  input,
  isConnected,
  LinkGrant,
  output,
  string,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import {
  OCF_LENGTH,
  SPACECRAFT_ID,
  TM_FRAME_LENGTH,
  TmFramer,
  VIRTUAL_CHANNEL_ID,
} from '../../../fsw/protocols';
import { Clcw } from '../linkPorts';
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
      clcwIn: input.sync(Clcw),
      linkState: input.sync(LinkGrant),
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
      IdleFrames: { id: 3, type: U32, update: 'on-change', doc: 'Frames sent only to keep lock.' },
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
      ocf: {
        type: bool,
        default: false,
        doc: 'Carry the latest CLCW in the operational control field of each frame (COP-1).',
      },
      idlePeriodMs: {
        type: U32,
        default: 0,
        unit: 'ms',
        doc: 'In contact, send an idle frame after so long without one, to keep lock; 0 sends none.',
      },
    },
  }),
  {
    state: () => ({ packetsRefused: 0, idleFrames: 0, clcw: 0, lastFrameUs: 0 }),
    ports({ state, config, out, event, tlm, clock }) {
      const ocfLength = config.ocf ? OCF_LENGTH : 0;
      const protection = () => {
        const { headerLength, trailerLength } = out.room({});
        const needed = MIN_FRAME_LENGTH + ocfLength + headerLength + trailerLength;
        if (config.frameLength < needed)
          throw new Error(`frameLength ${config.frameLength}: link security needs ${needed} at least`);
        return { headerLength, trailerLength, seal: (frame: Uint8Array) => out.seal({ frame }) };
      };
      let made: TmFramer | undefined;
      // Made at the first packet: only when all components are up can the link security say what room it needs.
      const framer = () => {
        made ??= new TmFramer({
          ...config,
          ocf: config.ocf ? () => state.clcw : undefined,
          protection: isConnected(out.seal) ? protection() : undefined,
          onFrame: (frame) => {
            tlm.FramesSent(made?.frames ?? 0);
            state.lastFrameUs = clock.nowUs();
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
        clcwIn({ word }) {
          state.clcw = word;
        },
        linkState({ inContact }) {
          const silentUs = clock.nowUs() - state.lastFrameUs;
          if (!inContact || config.idlePeriodMs === 0 || silentUs < config.idlePeriodMs * 1000) return;
          framer().idle();
          tlm.IdleFrames(++state.idleFrames);
        },
      };
    },
  },
);
