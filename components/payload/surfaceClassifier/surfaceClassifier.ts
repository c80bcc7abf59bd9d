/** Asks the surface network what the tiles of a kept frame show. */
import {
  component,
  defineComponent,
  input,
  output,
  type Self,
  string,
  U32,
  type Value,
} from '../../../fsw/framework';
import {
  Classified,
  type Findings,
  type FrameInfo,
  InferRequest,
  InferResult,
  ScreenedTiles,
  type TileBatch,
} from '../ports';
import { openQuestions, type Questions, questionConfig } from '../questions';

export const surfaceClassifierModel = defineComponent({
  kind: 'active',
  doc: 'Asks the surface network about all tiles of each kept frame and passes its findings on.',
  ports: {
    screenedIn: input.async(ScreenedTiles),
    infer: output(InferRequest),
    inferred: input.async(InferResult, { priority: 1 }),
    classifiedOut: output(Classified),
    tipOut: output(Classified, { optional: true }),
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
    FrameRedone: {
      id: 1,
      severity: 'activity-low',
      args: { frame: U32 },
      format: 'frame {frame} was classified again, for its first result was suspect',
      throttle: 50,
      doc: 'Radiation had hit a live copy of the network; the result that was used is beyond doubt.',
    },
  },
  telemetry: {
    FramesClassified: { id: 0, type: U32, update: 'on-change', doc: 'Frames classified since boot.' },
    FramesFailed: {
      id: 1,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Frames without a usable answer since boot.',
    },
  },
  config: {
    model: { type: string(40), default: 'surface-vit', doc: 'Name of the network in the model store.' },
    classes: {
      type: string(120),
      default: 'land,shore,open-water',
      doc: "The network's classes in order, comma separated.",
    },
    ...questionConfig,
  },
});

interface Frame {
  readonly info: Value<typeof FrameInfo>;
  readonly tiles: TileBatch;
  readonly cloudFraction: Float32Array;
}

interface State {
  readonly questions: Questions<Frame>;
  readonly classNames: readonly string[];
  classified: number;
  failed: number;
}

export const surfaceClassifier = component(surfaceClassifierModel, {
  state: ({ config, random }): State => ({
    questions: openQuestions<Frame>(config, random),
    classNames: config.classes.split(','),
    classified: 0,
    failed: 0,
  }),
  ports: (self) => {
    const { state, out, tlm, config } = self;
    const { questions, classNames } = state;
    const overdue = (ticket: number) =>
      self.in.inferred({ ticket, status: 'DEADLINE', redone: false, outputs: {} });
    return {
      screenedIn(frame) {
        if (questions.full) return failed(self, frame, 'too many frames wait for an answer');
        const { columns, rows, data } = frame.tiles;
        const ticket = questions.ask(frame, self.clock, overdue);
        // Clouded tiles go along: a kept frame has few, and no index has to be mapped back.
        out.infer({ ticket, model: config.model, count: columns * rows, input: data });
      },
      inferred({ ticket, status, redone, outputs }) {
        const frame = questions.take(ticket);
        if (frame === undefined) return;
        if (redone) self.event.FrameRedone({ frame: frame.info.id });
        if (status !== 'OK') return failed(self, frame, `inference answered ${status}`);
        const findings = findingsOf(frame, outputs, classNames);
        if (findings === undefined)
          return failed(self, frame, `the answer is not ${classNames.length} probabilities and water a tile`);
        frame.tiles.release();
        tlm.FramesClassified(++state.classified);
        out.classifiedOut({ info: frame.info, findings });
        out.tipOut({ info: frame.info, findings });
      },
    };
  },
  stop({ state }) {
    for (const { tiles } of state.questions.takeAll()) tiles.release();
  },
});

function findingsOf(
  { tiles: { columns, rows, tilePx }, cloudFraction }: Frame,
  { probabilities, water_fraction: waterFraction }: Readonly<Record<string, Float32Array | undefined>>,
  classNames: readonly string[],
): Findings | undefined {
  const tiles = columns * rows;
  if (probabilities?.length !== tiles * classNames.length || waterFraction?.length !== tiles)
    return undefined;
  if (!probabilities.every(Number.isFinite) || !waterFraction.every(Number.isFinite)) return undefined;
  return { columns, rows, tilePx, classNames, probabilities, waterFraction, cloudFraction };
}

type M = typeof surfaceClassifierModel;
type Classifier = Self<M['ports'], M['events'], M['telemetry'], M['params'], M['config'], State>;

function failed({ state, event, tlm }: Classifier, { info, tiles }: Frame, reason: string): void {
  tiles.release();
  tlm.FramesFailed(++state.failed);
  event.ClassifyingFailed({ frame: info.id, reason });
}
