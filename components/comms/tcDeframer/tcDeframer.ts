/** Finds the TC frames for us in what the radio heard. */
import {
  ByteStream,
  bool,
  component,
  defineComponent,
  input,
  isConnected,
  output,
  Sched,
  string,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import {
  Farm1,
  MAX_TC_FRAME_LENGTH,
  SPACECRAFT_ID,
  TcDeframer,
  VIRTUAL_CHANNEL_ID,
} from '../../../fsw/protocols';
import { Clcw } from '../linkPorts';
import { TcOpen } from '../securityPorts';

export const tcDeframer = component(
  defineComponent({
    kind: 'passive',
    doc: 'Finds whole, undamaged TC frames for this spacecraft in a byte stream, between any garbage.',
    ports: {
      streamIn: input.sync(ByteStream),
      schedIn: input.sync(Sched),
      open: output(TcOpen, { optional: true }),
      clcw: output(Clcw, { optional: true }),
      frameOut: output(ByteStream),
    },
    events: {
      FrameRefused: {
        id: 0,
        severity: 'warning-low',
        args: { code: string(24), text: string(120) },
        format: '{code}: {text}',
        throttle: 10,
        doc: 'A frame was refused, with the reason; sent again once a good frame has come.',
      },
    },
    telemetry: {
      FramesAccepted: { id: 0, type: U32, update: 'on-change', doc: 'Frames handed on.' },
      CrcErrors: { id: 1, type: U32, update: 'on-change', doc: 'Frames with our header but a bad FECF.' },
      TooLong: {
        id: 2,
        type: U32,
        update: 'on-change',
        doc: 'Headers of ours that claim more than we take.',
      },
      TooShort: {
        id: 3,
        type: U32,
        update: 'on-change',
        doc: 'Headers of ours that claim less than a frame.',
      },
      WrongSpacecraft: { id: 4, type: U32, update: 'on-change', doc: 'Good frames for another spacecraft.' },
      WrongChannel: { id: 5, type: U32, update: 'on-change', doc: 'Good frames for another channel.' },
      WrongService: { id: 6, type: U32, update: 'on-change', doc: 'Our frames, but not of type BD.' },
      GarbageBytes: {
        id: 7,
        type: U32,
        update: 'on-change',
        unit: 'B',
        doc: 'Bytes in no accepted frame.',
      },
      RefusedBySecurity: {
        id: 8,
        type: U32,
        update: 'on-change',
        doc: 'Good frames that the link security did not open.',
      },
      FramesDiscarded: {
        id: 9,
        type: U32,
        update: 'on-change',
        doc: 'Good frames that FARM-1 discarded: sent again, out of order, or in lockout.',
      },
      Lockout: {
        id: 10,
        type: bool,
        update: 'on-change',
        doc: 'FARM-1 takes no type-AD frame until unlocked.',
      },
    },
    config: {
      spacecraftId: { type: U16, default: SPACECRAFT_ID, max: 0x3ff, doc: 'CCSDS spacecraft id.' },
      channelId: { type: U8, default: VIRTUAL_CHANNEL_ID, max: 63, doc: 'Virtual channel id.' },
      maxFrameLength: {
        type: U16,
        default: MAX_TC_FRAME_LENGTH,
        min: 8,
        max: MAX_TC_FRAME_LENGTH,
        unit: 'B',
        doc: 'The longest frame that is taken.',
      },
      cop1: {
        type: bool,
        default: false,
        doc: 'Take type-AD frames once and in order, and control commands (FARM-1); else type BD only.',
      },
      farmWindow: {
        type: U8,
        default: 128,
        min: 2,
        max: 254,
        doc: 'FARM-1 sliding window, even; half of it lies ahead.',
      },
    },
  }),
  {
    state: () => ({ heardSinceTick: false }),
    ports({ state, config, out, event, tlm, clearThrottle }) {
      const { channelId, farmWindow } = config;
      const farm = config.cop1 ? new Farm1({ channelId, window: farmWindow }) : undefined;
      const deframer = new TcDeframer({
        ...config,
        farm,
        open: isConnected(out.open) ? (frame) => out.open({ frame }) : undefined,
        onData: (data) => {
          clearThrottle('FrameRefused');
          // The deframer's window moves on.
          out.frameOut({ data: data.slice() });
        },
        onRefused: (fault) => event.FrameRefused(fault),
      });
      const report = () => {
        const { counts } = deframer;
        tlm.FramesAccepted(counts.accepted);
        tlm.CrcErrors(counts.crcErrors);
        tlm.TooLong(counts.tooLong);
        tlm.TooShort(counts.tooShort);
        tlm.WrongSpacecraft(counts.wrongSpacecraft);
        tlm.WrongChannel(counts.wrongChannel);
        tlm.WrongService(counts.wrongService);
        tlm.GarbageBytes(counts.garbageBytes);
        tlm.RefusedBySecurity(counts.unopened);
        if (farm === undefined) return;
        tlm.FramesDiscarded(counts.discarded);
        tlm.Lockout(farm.lockout);
        out.clcw({ word: farm.clcw });
      };
      return {
        streamIn({ data }) {
          state.heardSinceTick = true;
          deframer.push(data);
          report();
        },
        schedIn() {
          if (!state.heardSinceTick) deframer.flush();
          state.heardSinceTick = false;
          report();
        },
      };
    },
  },
);
