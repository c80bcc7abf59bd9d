/** Takes frames while it is asked to and the ground is lit, and hands them on in pooled buffers. */
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import {
  type Board,
  BufferPool,
  type Capture,
  component,
  defineComponent,
  F32,
  type Imager,
  input,
  ModeChange,
  ok,
  output,
  refused,
  Sched,
  type Self,
  string,
  timeOf,
  U16,
  U32,
  type Value,
} from '../../../fsw/framework';
import { Frame, type FrameInfo } from '../ports';

export const cameraModel = defineComponent({
  kind: 'active',
  doc: 'Exposes frames at a set cadence over lit ground and hands them on in pooled buffers.',
  ports: {
    schedIn: input.async(Sched),
    modeIn: input.async(ModeChange, { priority: 1 }),
    frameOut: output(Frame),
  },
  commands: {
    CAPTURE: { id: 0, doc: 'Take one frame now, whatever the light.' },
    START: { id: 1, doc: 'Image at the set cadence.' },
    STOP: { id: 2, doc: 'Stop imaging.' },
  },
  events: {
    CaptureFailed: {
      id: 0,
      severity: 'warning-high',
      args: { code: string(32), reason: string(160) },
      format: 'capture failed: {code}: {reason}',
      throttle: 20,
      doc: 'The imager gave no frame; its buffer went back to the pool.',
    },
    FrameMissed: {
      id: 1,
      severity: 'warning-low',
      args: { missed: U32, reason: string(160) },
      format: 'frame missed ({missed} so far): {reason}',
      throttle: 20,
      doc: 'A frame was due, but every buffer was on loan.',
    },
    ImagingStarted: {
      id: 2,
      severity: 'activity-high',
      args: { periodS: F32 },
      format: 'imaging every {periodS} s',
      doc: 'Imaging was started by command.',
    },
    ImagingStopped: {
      id: 3,
      severity: 'activity-high',
      args: { reason: string(40) },
      format: 'imaging stopped: {reason}',
      doc: 'Imaging was stopped, by command or by safe mode.',
    },
  },
  telemetry: {
    FramesCaptured: { id: 0, type: U32, update: 'on-change', doc: 'Frames taken since boot.' },
    FramesMissed: {
      id: 1,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Frames that were due while every buffer was on loan.',
    },
    CaptureErrors: {
      id: 2,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0, red: 10 } },
      doc: 'Exposures that the imager failed.',
    },
    ImagerDropped: {
      id: 3,
      type: U32,
      update: 'on-change',
      doc: 'Frames that a streaming imager took and lost, since boot.',
    },
    ImagerRestarts: {
      id: 4,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'How often the stream of an imager was started again after a failure.',
    },
  },
  params: {
    PeriodS: { id: 0, type: F32, default: 20, min: 1, max: 3600, unit: 's', doc: 'Time between two frames.' },
    MinSunDeg: {
      id: 1,
      type: F32,
      default: 8,
      min: -90,
      max: 90,
      unit: 'deg',
      doc: "No exposure when the Sun's elevation at the ground point is lower.",
    },
    MaxLatitudeDeg: {
      id: 2,
      type: F32,
      default: 90,
      min: 0,
      max: 90,
      unit: 'deg',
      doc: 'No exposure when the ground point is nearer to a pole.',
    },
  },
  config: {
    imager: { type: string(40), doc: "Name of the board's imager." },
    frames: { type: U16, default: 4, min: 1, max: 64, doc: 'Frame buffers in the pool.' },
    exposureUs: {
      type: U32,
      default: 5000,
      unit: 'us',
      doc: 'Flight time from the order to the frame in memory.',
    },
  },
});

interface State {
  readonly imager: Imager | undefined;
  readonly pool: BufferPool;
  /** What the operator wants; safe mode holds it off, and returns to it. */
  imaging: boolean;
  safe: boolean;
  nextUs: number;
  captured: number;
  missed: number;
  errors: number;
}

export const camera = component(cameraModel, {
  state: ({ config, board }): State => {
    const imager = imagerOf(board, config.imager);
    const frameBytes = imager === undefined ? 0 : imager.width * imager.height * 3;
    return {
      imager,
      pool: new BufferPool(frameBytes, config.frames),
      imaging: true,
      safe: false,
      nextUs: 0,
      captured: 0,
      missed: 0,
      errors: 0,
    };
  },
  ports: (self) => {
    const { state, param, clock, board, event, tlm } = self;
    return {
      async schedIn() {
        const health = state.imager?.health?.();
        if (health !== undefined) {
          tlm.ImagerDropped(health.dropped);
          tlm.ImagerRestarts(health.restarts);
        }
        const nowUs = clock.nowUs();
        if (!state.imaging || state.safe || nowUs < state.nextUs) return;
        const ground = board.ephemeris.groundPoint(nowUs);
        if (ground.sunElevationDeg < param.MinSunDeg || Math.abs(ground.latDeg) > param.MaxLatitudeDeg)
          return;
        state.nextUs = nowUs + param.PeriodS * 1e6;
        await takeFrame(self);
      },
      modeIn({ mode }) {
        const safe = mode === 'SAFE';
        if (safe && !state.safe && state.imaging) event.ImagingStopped({ reason: 'safe mode' });
        state.safe = safe;
      },
    };
  },
  commands: (self) => {
    const { state, event, param } = self;
    return {
      async CAPTURE() {
        if (state.safe) return refused('no imaging in safe mode');
        const taken = await takeFrame(self);
        return taken.ok ? ok : refused(taken.error.text);
      },
      START() {
        state.imaging = true;
        event.ImagingStarted({ periodS: param.PeriodS });
        return ok;
      },
      STOP() {
        state.imaging = false;
        event.ImagingStopped({ reason: 'by command' });
        return ok;
      },
    };
  },
});

type M = typeof cameraModel;
type CameraSelf = Self<M['ports'], M['events'], M['telemetry'], M['params'], M['config'], State>;

/** One exposure into a pooled buffer, which goes on with the frame or back to the pool. */
async function takeFrame({
  state,
  out,
  event,
  tlm,
  clock,
  config,
  board,
}: CameraSelf): Promise<Result<void>> {
  const { imager } = state;
  if (imager === undefined) {
    const known = Object.keys(board.imagers).join(', ') || 'none';
    return failed(fail('CAMERA_NO_IMAGER', { imager: config.imager, known }));
  }
  const pixels = state.pool.acquire();
  if (!pixels.ok) {
    tlm.FramesMissed(++state.missed);
    event.FrameMissed({ missed: state.missed, reason: pixels.error.text });
    return pixels;
  }
  const capture = await clock.work(expose(imager, config.imager, pixels.value.bytes), config.exposureUs);
  if (!capture.ok) {
    pixels.value.release();
    return failed(capture);
  }
  const info = frameInfo(state.captured, clock.epochUs, imager, capture.value);
  tlm.FramesCaptured(++state.captured);
  out.frameOut({ info, pixels: pixels.value });
  return succeed(undefined);

  function failed(failure: Failed): Failed {
    tlm.CaptureErrors(++state.errors);
    event.CaptureFailed({ code: failure.error.code, reason: failure.error.text });
    return failure;
  }
}

/** A driver that throws instead of returning its failure costs a frame, not its buffer. */
async function expose(imager: Imager, name: string, into: Uint8Array): Promise<Result<Capture>> {
  try {
    return await imager.capture(into);
  } catch (error) {
    return fail('CAMERA_DRIVER', { imager: name, reason: String(error) });
  }
}

function frameInfo(
  id: number,
  epochUs: number,
  { width, height }: Imager,
  { atUs, view }: Capture,
): Value<typeof FrameInfo> {
  return {
    id,
    time: timeOf(epochUs + atUs),
    width,
    height,
    located: view !== undefined,
    latDeg: view?.latDeg ?? 0,
    lonDeg: view?.lonDeg ?? 0,
    headingDeg: view?.headingDeg ?? 0,
    gsdM: view?.gsdM ?? 0,
  };
}

function imagerOf(board: Board, name: string): Imager | undefined {
  return Object.hasOwn(board.imagers, name) ? board.imagers[name] : undefined;
}
