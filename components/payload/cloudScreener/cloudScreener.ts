/** Discards frames that are mostly cloud before anything else is spent on them, as PhiSat-2 does. */
import {
  component,
  defineComponent,
  F32,
  input,
  output,
  type Self,
  string,
  U32,
  type Value,
} from '../../../fsw/framework';
import {
  type FrameInfo,
  InferRequest,
  InferResult,
  Screened,
  ScreenedTiles,
  type TileBatch,
  Tiles,
  type Verdict,
} from '../ports';
import { openQuestions, type Questions, questionConfig } from '../questions';

export const cloudScreenerModel = defineComponent({
  kind: 'active',
  doc: 'Asks the cloud network about the tiles of each frame and keeps the frames that show enough ground.',
  ports: {
    tilesIn: input.async(Tiles),
    infer: output(InferRequest),
    inferred: input.async(InferResult, { priority: 1 }),
    screenedOut: output(ScreenedTiles),
    verdictOut: output(Screened, { optional: true }),
  },
  events: {
    ScreeningFailed: {
      id: 0,
      severity: 'warning-high',
      args: { frame: U32, reason: string(80) },
      format: 'frame {frame} was not screened: {reason}',
      throttle: 20,
      doc: 'No usable answer came for a frame; its tiles were given back.',
    },
    FrameRedone: {
      id: 1,
      severity: 'activity-low',
      args: { frame: U32 },
      format: 'frame {frame} was screened again, for its first result was suspect',
      throttle: 50,
      doc: 'Radiation had hit a live copy of the network; the result that was used is beyond doubt.',
    },
  },
  telemetry: {
    FramesKept: { id: 0, type: U32, update: 'on-change', doc: 'Frames passed on since boot.' },
    FramesClouded: { id: 1, type: U32, update: 'on-change', doc: 'Frames discarded for cloud since boot.' },
    FramesDark: { id: 2, type: U32, update: 'on-change', doc: 'Frames too dark to look at since boot.' },
    FramesFailed: {
      id: 3,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Frames without a usable answer since boot.',
    },
    CloudedShare: { id: 4, type: F32, doc: 'Share of clouded tiles in the latest frame.' },
  },
  params: {
    MaxCloudFraction: {
      id: 0,
      type: F32,
      default: 0.3,
      min: 0,
      max: 1,
      doc: 'A frame is discarded when more than this share of its tiles is clouded.',
    },
    TileCloudThreshold: {
      id: 1,
      type: F32,
      default: 0.5,
      min: 0,
      max: 1,
      doc: 'A tile is clouded from this cloud fraction on.',
    },
    MinBrightness: {
      id: 2,
      type: F32,
      default: 8,
      min: 0,
      max: 255,
      doc: 'A frame whose mean brightness is lower is dark and is not screened.',
    },
  },
  config: {
    model: { type: string(40), default: 'cloud-screener', doc: 'Name of the network in the model store.' },
    output: { type: string(40), default: 'cloud_fraction', doc: "Name of the network's output." },
    ...questionConfig,
  },
});

interface Frame {
  readonly info: Value<typeof FrameInfo>;
  readonly tiles: TileBatch;
}

interface State {
  readonly questions: Questions<Frame>;
  readonly counts: Record<Value<typeof Verdict>, number>;
}

const NONE = new Float32Array(0);

export const cloudScreener = component(cloudScreenerModel, {
  state: ({ config, random }): State => ({
    questions: openQuestions<Frame>(config, random),
    counts: { KEPT: 0, CLOUDED: 0, DARK: 0, FAILED: 0 },
  }),
  ports: (self) => {
    const { state, out, param, config } = self;
    const { questions } = state;
    const overdue = (ticket: number) =>
      self.in.inferred({ ticket, status: 'DEADLINE', redone: false, outputs: {} });
    return {
      tilesIn({ info, tiles }) {
        const frame = { info, tiles };
        if (mean(tiles.brightness) < param.MinBrightness) return discard(self, frame, 'DARK', NONE);
        if (questions.full) return failed(self, frame, 'too many frames wait for an answer');
        const ticket = questions.ask(frame, self.clock, overdue);
        const count = tiles.columns * tiles.rows;
        out.infer({ ticket, model: config.model, count, input: tiles.data });
      },
      inferred({ ticket, status, redone, outputs }) {
        const frame = questions.take(ticket);
        if (frame === undefined) return;
        if (redone) self.event.FrameRedone({ frame: frame.info.id });
        if (status !== 'OK') return failed(self, frame, `inference answered ${status}`);
        const fraction = outputs[config.output];
        if (fraction?.length !== frame.tiles.columns * frame.tiles.rows || !fraction.every(Number.isFinite))
          return failed(self, frame, `${config.output} is not one number for each tile`);
        judge(self, frame, fraction);
      },
    };
  },
  stop({ state }) {
    for (const { tiles } of state.questions.takeAll()) tiles.release();
  },
});

type M = typeof cloudScreenerModel;
type Screener = Self<M['ports'], M['events'], M['telemetry'], M['params'], M['config'], State>;

function judge(self: Screener, frame: Frame, cloudFraction: Float32Array): void {
  const { out, tlm, param } = self;
  const clouded = cloudFraction.reduce((n, fraction) => n + Number(fraction >= param.TileCloudThreshold), 0);
  const share = clouded / cloudFraction.length;
  tlm.CloudedShare(share);
  if (share > param.MaxCloudFraction) {
    discard(self, frame, 'CLOUDED', cloudFraction);
    return;
  }
  report(self, frame, 'KEPT', cloudFraction);
  out.screenedOut({ ...frame, cloudFraction });
}

function failed(self: Screener, frame: Frame, reason: string): void {
  self.event.ScreeningFailed({ frame: frame.info.id, reason });
  discard(self, frame, 'FAILED', NONE);
}

function discard(
  self: Screener,
  frame: Frame,
  verdict: Value<typeof Verdict>,
  cloudFraction: Float32Array,
): void {
  frame.tiles.release();
  report(self, frame, verdict, cloudFraction);
}

function report(
  { state, out, tlm }: Screener,
  { info }: Frame,
  verdict: Value<typeof Verdict>,
  cloudFraction: Float32Array,
): void {
  const count = ++state.counts[verdict];
  const channel = {
    KEPT: tlm.FramesKept,
    CLOUDED: tlm.FramesClouded,
    DARK: tlm.FramesDark,
    FAILED: tlm.FramesFailed,
  }[verdict];
  channel(count);
  out.verdictOut({ info, verdict, cloudFraction });
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
