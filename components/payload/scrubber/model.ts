import {
  array,
  bool,
  defineComponent,
  F32,
  input,
  output,
  Sched,
  type SelfOf,
  string,
  struct,
  U16,
  U32,
} from '../../../fsw/framework';
import { ScrubRegions } from '../ports';
import { CELL_LAT_DEG, CELL_LON_DEG, CELLS, type UpsetMap } from './upsetMap';
import type { Walk } from './walk';

const grid = `cells of ${CELL_LAT_DEG}° × ${CELL_LON_DEG}°, row by row from the south, each from 180° W eastwards`;
const healed = { region: string(40), pages: U32 };

export const scrubberModel = defineComponent({
  kind: 'active',
  doc: 'Walks the model store page by page within a budget, has upsets repaired, and maps where they happen.',
  ports: {
    schedIn: input.async(Sched, { onFull: 'drop-new' }),
    regions: output(ScrubRegions),
  },
  commands: {
    SCRUB: {
      id: 0,
      args: { region: string(40) },
      doc: 'Scrub one region, or all where it is empty, now and whatever the budget; answers when it is done.',
    },
    PAUSE: { id: 1, doc: 'Scrub no more, but by command.' },
    RESUME: { id: 2, doc: 'Scrub again.' },
    REPORT_MAP: { id: 3, doc: 'Send the upset map now.' },
    CLEAR_MAP: { id: 4, doc: 'Forget where upsets happened.' },
  },
  events: {
    UpsetsCorrected: {
      id: 0,
      severity: 'activity-low',
      args: { region: string(40), bits: U32, pages: U32 },
      format: '{region}: {bits} bits corrected in {pages} pages',
      throttle: 10,
      doc: 'SECDED put upset bits right. Throttled until a pass finds nothing, as the three below.',
    },
    PagesRebuilt: {
      id: 1,
      severity: 'warning-low',
      args: healed,
      format: '{region}: {pages} pages rebuilt from parity',
      throttle: 10,
      doc: 'Pages with more upsets than SECDED corrects.',
    },
    PagesRestored: {
      id: 2,
      severity: 'warning-high',
      args: healed,
      format: '{region}: {pages} pages restored from a golden copy',
      throttle: 10,
      doc: 'Pages that parity could not rebuild.',
    },
    PagesLost: {
      id: 3,
      severity: 'warning-high',
      args: healed,
      format: '{region}: {pages} pages are lost; the model is needed from the ground',
      throttle: 10,
      doc: 'Pages that nothing on board can heal; found again in each pass until the model is replaced.',
    },
    Paused: { id: 4, severity: 'activity-high', format: 'scrubbing is paused', doc: 'By command.' },
    Resumed: { id: 5, severity: 'activity-high', format: 'scrubbing goes on', doc: 'By command.' },
  },
  telemetry: {
    Passes: { id: 0, type: U32, update: 'on-change', doc: 'Passes over all regions since boot.' },
    PassS: {
      id: 1,
      type: F32,
      update: 'on-change',
      unit: 's',
      doc: 'From the end of the pass before to the end of the latest: so long an upset waits at most.',
    },
    PassUpsets: {
      id: 2,
      type: U32,
      update: 'on-change',
      doc: 'Upsets healed in the latest pass: bits, or whole pages.',
    },
    BitsCorrected: { id: 3, type: U32, update: 'on-change', doc: 'Bits that SECDED put right since boot.' },
    PagesCorrected: { id: 4, type: U32, update: 'on-change', doc: 'Pages that SECDED put right since boot.' },
    PagesRebuilt: { id: 5, type: U32, update: 'on-change', doc: 'Pages rebuilt from parity since boot.' },
    PagesRestored: {
      id: 6,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Pages restored from a golden copy since boot.',
    },
    PagesLost: {
      id: 7,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0, red: 0 } },
      doc: 'Pages that nothing on board could heal, in the latest pass.',
    },
    ScrubbedMiB: { id: 8, type: U32, update: 'on-change', unit: 'MiB', doc: 'Scrubbed since boot.' },
    Paused: { id: 9, type: bool, update: 'on-change', doc: 'Scrubbing only by command.' },
    UpsetCounts: {
      id: 10,
      type: array(U32, CELLS),
      update: 'on-change',
      doc: `Upsets found over each cell of the ground track: ${grid}.`,
    },
    UpsetExposure: {
      id: 11,
      type: array(F32, CELLS),
      update: 'on-change',
      unit: 'MiB s',
      doc: `Memory × time that was open to upsets over each cell: ${grid}.`,
    },
    UpsetPeak: {
      id: 12,
      type: struct('Payload.UpsetPeak', { latDeg: F32, lonDeg: F32, perMiBDay: F32 }),
      update: 'on-change',
      doc: 'Centre of the cell with the highest sure rate, and its upsets a MiB and day; 0 before there is one.',
    },
  },
  params: {
    RateMiBps: {
      id: 0,
      type: F32,
      default: 64,
      min: 0.001,
      max: 65_536,
      unit: 'MiB/s',
      doc: 'The most that is scrubbed in the mean; one pass a tick at most.',
    },
    MapPeriodS: {
      id: 1,
      type: U16,
      default: 5400,
      unit: 's',
      doc: 'Time from upset map to upset map in telemetry; 0 sends none but by command.',
    },
  },
  config: {
    stripeKiB: {
      type: U32,
      default: 4096,
      min: 1,
      unit: 'KiB',
      doc: 'Scrubbed in one go: what turns urgent waits no longer than for this.',
    },
    costUsPerMiB: {
      type: U32,
      default: 400,
      unit: 'us',
      doc: 'Flight time of the scrub of a MiB in simulation.',
    },
  },
});

export interface State {
  readonly walk: Walk;
  readonly map: UpsetMap;
  paused: boolean;
  /** Since the start or RESUME a whole pass was made: what is found from now on has just happened. */
  swept: boolean;
  /** Bytes that may be scrubbed now. */
  budget: number;
  /** The latest tick, the start of the pass and the latest map, flight time. */
  tickUs: number;
  passUs: number;
  mapUs: number;
  passes: number;
  /** Of the pass under way. */
  passUpsets: number;
  passLost: number;
  bits: number;
  corrected: number;
  rebuilt: number;
  restored: number;
  scrubbedBytes: number;
}

export type Scrubber = SelfOf<typeof scrubberModel, State>;
