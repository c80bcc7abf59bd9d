/** The board's radio as a component: frames down, raw bytes up. */
import {
  ByteStream,
  component,
  defineComponent,
  input,
  output,
  string,
  U32,
  U64,
} from '../../../fsw/framework';

export const radioAdapter = component(
  defineComponent({
    kind: 'passive',
    doc: 'Joins the radio driver of the board to the link components.',
    ports: {
      frameIn: input.sync(ByteStream),
      heard: input.sync(ByteStream),
      received: output(ByteStream),
    },
    events: {
      RadioFailed: {
        id: 0,
        severity: 'warning-high',
        args: { reason: string(120) },
        format: 'the radio did not take a frame: {reason}',
        throttle: 5,
        doc: 'The driver threw and the frame is lost; sent again once a frame has gone through.',
      },
    },
    telemetry: {
      BytesDown: { id: 0, type: U64, update: 'on-change', unit: 'B', doc: 'Bytes of frames sent.' },
      BytesUp: { id: 1, type: U64, update: 'on-change', unit: 'B', doc: 'Raw bytes heard.' },
      FramesLost: { id: 2, type: U32, update: 'on-change', doc: 'Frames that the driver did not take.' },
    },
  }),
  {
    state: () => ({ bytesDown: 0, bytesUp: 0, framesLost: 0 }),
    ports: ({ state, out, event, tlm, board, clearThrottle }) => ({
      frameIn({ data }) {
        try {
          board.radio.send(data);
        } catch (error) {
          event.RadioFailed({ reason: String(error) });
          tlm.FramesLost(++state.framesLost);
          return;
        }
        clearThrottle('RadioFailed');
        state.bytesDown += data.length;
        tlm.BytesDown(BigInt(state.bytesDown));
      },
      heard({ data }) {
        state.bytesUp += data.length;
        tlm.BytesUp(BigInt(state.bytesUp));
        out.received({ data });
      },
    }),
    start: (self) => self.board.radio.onReceive((data) => self.in.heard({ data })),
  },
);
