/** Asks the network that learns about all tiles of each frame, and hands them on with its answers. */
import {
  component,
  defineComponent,
  input,
  output,
  type SelfOf,
  string,
  U32,
  type Value,
} from '../../../fsw/framework';
import { LAND_COVER_CLASSES, specimensOf } from '../../../fsw/learning';
import {
  type FrameInfo,
  InferRequest,
  InferResult,
  ModelVersion,
  type TileBatch,
  Tiles,
} from '../../payload/ports';
import { openQuestions, type Questions, questionConfig } from '../../payload/questions';
import { Specimens } from '../ports';

export const tileClassifierModel = defineComponent({
  kind: 'active',
  doc: 'Asks the network that learns about all tiles of each frame, and hands them on with its answers.',
  ports: {
    tilesIn: input.async(Tiles),
    infer: output(InferRequest),
    inferred: input.async(InferResult, { priority: 1 }),
    versionOf: output(ModelVersion, { optional: true }),
    specimensOut: output(Specimens),
  },
  events: {
    ClassifyingFailed: {
      id: 0,
      severity: 'warning-high',
      args: { frame: U32, reason: string(80) },
      format: 'frame {frame} was not classified: {reason}',
      throttle: 20,
      doc: 'No usable answer came for a frame; its tiles were given back.',
    },
  },
  telemetry: {
    TilesClassified: { id: 0, type: U32, update: 'on-change', doc: 'Tiles classified since boot.' },
    FramesFailed: {
      id: 1,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Frames without a usable answer since boot.',
    },
  },
  config: {
    model: { type: string(40), default: 'land-cover', doc: 'Name of the network in the model store.' },
    classes: {
      type: string(200),
      default: LAND_COVER_CLASSES.join(','),
      doc: "The network's classes in order, comma separated.",
    },
    ...questionConfig,
  },
});

interface Frame {
  readonly info: Value<typeof FrameInfo>;
  readonly tiles: TileBatch;
}

interface State {
  readonly questions: Questions<Frame>;
  readonly classes: number;
  classified: number;
  failed: number;
}

type Classifier = SelfOf<typeof tileClassifierModel, State>;

export const tileClassifier = component(tileClassifierModel, {
  state: ({ config, random }): State => ({
    questions: openQuestions<Frame>(config, random),
    classes: config.classes.split(',').length,
    classified: 0,
    failed: 0,
  }),
  ports: (self) => {
    const { state, out, tlm, config } = self;
    const { questions } = state;
    const overdue = (ticket: number) =>
      self.in.inferred({ ticket, status: 'DEADLINE', redone: false, outputs: {} });
    return {
      tilesIn(frame) {
        if (questions.full) return failed(self, frame, 'too many frames wait for an answer');
        const { columns, rows, data } = frame.tiles;
        const ticket = questions.ask(frame, self.clock, overdue);
        out.infer({ ticket, model: config.model, count: columns * rows, input: data });
      },
      inferred({ ticket, status, outputs }) {
        const frame = questions.take(ticket);
        if (frame === undefined) return;
        if (status !== 'OK') return failed(self, frame, `inference answered ${status}`);
        const tiles = frame.tiles.columns * frame.tiles.rows;
        const { probabilities } = outputs as Readonly<Record<string, Float32Array | undefined>>;
        if (probabilities?.length !== tiles * state.classes || !probabilities.every(Number.isFinite))
          return failed(self, frame, `the answer is not ${state.classes} probabilities a tile`);
        const specimens = specimensOf({ ...seenIn(frame), probabilities, classes: state.classes });
        frame.tiles.release();
        state.classified += tiles;
        tlm.TilesClassified(state.classified);
        const { model } = config;
        out.specimensOut({ model, version: out.versionOf({ model }) ?? '', tiles: specimens });
      },
    };
  },
  stop({ state }) {
    for (const { tiles } of state.questions.takeAll()) tiles.release();
  },
});

/** The pixels are copied: the tiles go back to their pool. */
function seenIn({ info, tiles: { columns, tilePx, data } }: Frame) {
  const values = 3 * tilePx * tilePx;
  return {
    time: info.time,
    place: info.located ? info : undefined,
    columns,
    tilePx,
    pixels: (tile: number) =>
      Uint8Array.from(data.subarray(tile * values, (tile + 1) * values), (level) => Math.round(level)),
  };
}

function failed({ state, event, tlm }: Classifier, { info, tiles }: Frame, reason: string): void {
  tiles.release();
  tlm.FramesFailed(++state.failed);
  event.ClassifyingFailed({ frame: info.id, reason });
}
