/** Turns what was found in a frame into few bytes: a summary, and a record for each tile worth one. */
import {
  Com,
  component,
  type Dictionary,
  defineComponent,
  encode,
  F32,
  input,
  output,
  Sched,
  type Type,
  U8,
  U32,
  unixUsOf,
  type Value,
} from '../../../fsw/framework';
import { MAX_RECORDS, RECORD_PACKET_HEAD_LENGTH, writeRecordPacket } from '../../../fsw/protocols';
import { Classified, type Findings, type FrameInfo } from '../ports';
import { Detection, FrameSummary, NOWHERE, SUMMARY_CLASSES } from './records';
import { tileCentre } from './tilePlace';

/** The most bytes of a packet: what the Com port carries. */
const MAX_PACKET = 1016;
/** A frame summary is worth one. */
const SUMMARY_VALUE = 1;

export const productPackerModel = defineComponent({
  kind: 'active',
  doc: 'Packs the findings of each frame into compact records, by schema.',
  ports: {
    classified: input.async(Classified),
    schedIn: input.async(Sched, { onFull: 'drop-oldest' }),
    comOut: output(Com),
  },
  telemetry: {
    Detections: { id: 0, type: U32, update: 'on-change', doc: 'Detection records packed since boot.' },
    Products: { id: 1, type: U32, update: 'on-change', doc: 'Record packets handed to the link since boot.' },
    ProductBytes: { id: 2, type: U32, update: 'on-change', doc: 'Bytes of those packets.' },
  },
  params: {
    WatchMask: {
      id: 0,
      type: U32,
      default: 0b010,
      doc: 'Classes whose tiles are detections, one bit for each from the lowest.',
    },
    MinConfidence: {
      id: 1,
      type: F32,
      default: 0.6,
      min: 0,
      max: 1,
      doc: 'A tile is a detection from this probability of its likeliest class on.',
    },
    TileCloudThreshold: {
      id: 2,
      type: F32,
      default: 0.5,
      min: 0,
      max: 1,
      doc: 'A tile is clouded, and says nothing of the ground, from this cloud fraction on.',
    },
    DetectionValue: {
      id: 3,
      type: F32,
      default: 10,
      min: 0,
      max: 1000,
      doc: 'What a detection of confidence 1 is worth on the downlink; a frame summary is worth 1.',
    },
    SummaryBatch: {
      id: 4,
      type: U8,
      default: 1,
      min: 1,
      max: 60,
      doc: 'Frame summaries that share a packet: more cost fewer bytes, and wait for each other.',
    },
    SummaryMaxAgeS: {
      id: 5,
      type: U32,
      default: 900,
      min: 1,
      max: 65_535,
      unit: 's',
      doc: 'A summary goes down without the rest of its batch when it is this old (needs schedIn).',
    },
  },
  records: {
    FrameSummary: { id: 0, type: FrameSummary, doc: 'What one frame showed.' },
    Detection: { id: 1, type: Detection, doc: 'One tile of a watched class.' },
  },
});

interface State {
  /** Summaries that wait for their batch. */
  waiting: { readonly info: Info; readonly summary: Omit<Value<typeof FrameSummary>, 'afterS'> }[];
  detections: number;
  products: number;
  bytes: number;
}

/** A record, ready to be packed, and what it is worth. */
interface Item<T> {
  readonly record: T;
  readonly value: number;
}

export const productPacker = component(productPackerModel, {
  state: (): State => ({ waiting: [], detections: 0, products: 0, bytes: 0 }),
  ports: ({ name, state, out, tlm, param, dictionary, clock }) => {
    const summaryId = recordId(dictionary, name, 'FrameSummary');
    const detectionId = recordId(dictionary, name, 'Detection');

    function send<T>(info: Info, productId: number, type: Type<T>, items: readonly Item<T>[]): void {
      const most = Math.min(MAX_RECORDS, Math.floor((MAX_PACKET - RECORD_PACKET_HEAD_LENGTH) / type.maxSize));
      for (let from = 0; from < items.length; from += most) {
        const batch = items.slice(from, from + most);
        const data = packet(info, productId, type, batch);
        tlm.Products(++state.products);
        state.bytes += data.length;
        tlm.ProductBytes(state.bytes);
        out.comOut({ data, value: batch.reduce((sum, { value }) => sum + value, 0) });
      }
    }

    function sendSummaries(): void {
      const batch = state.waiting;
      if (batch.length === 0) return;
      state.waiting = [];
      const items = batch.map(({ info, summary }) => {
        const afterS = Math.round((unixUsOf(info.time) - unixUsOf(batch[0].info.time)) / 1e6);
        return { record: { ...summary, afterS }, value: SUMMARY_VALUE };
      });
      send(batch[0].info, summaryId, FrameSummary, items);
    }

    return {
      classified({ info, findings }) {
        const looks = lookAt(findings, param.TileCloudThreshold);
        state.waiting.push({ info, summary: summaryOf(info, findings, looks) });
        if (state.waiting.length >= param.SummaryBatch) sendSummaries();
        const found = looks
          .filter(
            (look) => watched(look.classIndex, param.WatchMask) && look.confidence >= param.MinConfidence,
          )
          .map((look) => ({
            record: detectionOf(info, findings, look),
            value: look.confidence * param.DetectionValue,
          }));
        send(info, detectionId, Detection, found);
        state.detections += found.length;
        tlm.Detections(state.detections);
      },
      schedIn() {
        if (state.waiting.length === 0) return;
        const ageUs = clock.epochUs + clock.nowUs() - unixUsOf(state.waiting[0].info.time);
        if (ageUs >= param.SummaryMaxAgeS * 1e6) sendSummaries();
      },
    };
  },
});

type Info = Value<typeof FrameInfo>;

/** What a clear tile shows. */
interface Look {
  readonly tile: number;
  /** The likeliest class, and its probability. */
  readonly classIndex: number;
  readonly confidence: number;
  readonly water: number;
}

function lookAt(findings: Findings, cloudThreshold: number): Look[] {
  const { probabilities, waterFraction, cloudFraction, classNames } = findings;
  const looks: Look[] = [];
  for (let tile = 0; tile < findings.columns * findings.rows; tile++) {
    if (cloudFraction[tile] >= cloudThreshold) continue;
    const own = probabilities.subarray(tile * classNames.length, (tile + 1) * classNames.length);
    const confidence = Math.max(...own);
    looks.push({ tile, classIndex: own.indexOf(confidence), confidence, water: waterFraction[tile] });
  }
  return looks;
}

function watched(classIndex: number, mask: number): boolean {
  return classIndex < 32 && ((mask >>> classIndex) & 1) === 1;
}

function summaryOf(
  info: Info,
  { cloudFraction }: Findings,
  looks: readonly Look[],
): Omit<Value<typeof FrameSummary>, 'afterS'> {
  const counts = Array.from(
    { length: SUMMARY_CLASSES },
    (_, classIndex) => looks.filter((look) => look.classIndex === classIndex).length,
  );
  return {
    frame: info.id & 0xffff,
    located: info.located,
    latCentideg: Math.round(info.latDeg * 100),
    lonCentideg: Math.round(info.lonDeg * 100),
    tiles: Math.min(255, cloudFraction.length),
    counts: counts.map((count) => Math.min(255, count)),
    cloudPercent: scaled(mean([...cloudFraction]), 100),
    waterPercent: scaled(mean(looks.map(({ water }) => water)), 100),
  };
}

function detectionOf(
  info: Info,
  { columns, tilePx }: Findings,
  { tile, classIndex, confidence, water }: Look,
): Value<typeof Detection> {
  const place = info.located ? tileCentre(info, tile, columns, tilePx) : undefined;
  return {
    frame: info.id & 0xffff,
    tile,
    classIndex,
    confidence: scaled(confidence, 255),
    water: scaled(water, 255),
    latE5: place ? Math.round(place.latDeg * 1e5) : NOWHERE,
    lonE5: place ? Math.round(place.lonDeg * 1e5) : NOWHERE,
  };
}

/** A record packet whose time tag is the frame's: what latency is counted from. */
function packet<T>({ time }: Info, productId: number, type: Type<T>, items: readonly Item<T>[]): Uint8Array {
  const data = new Uint8Array(RECORD_PACKET_HEAD_LENGTH + items.length * type.maxSize);
  let at = writeRecordPacket(data, 0, productId, time, items.length);
  for (const { record } of items) {
    data.set(encode(type, record), at);
    at += type.maxSize;
  }
  return data;
}

function recordId({ records }: Dictionary, instance: string, local: string): number {
  return records.find((entry) => entry.instance === instance && entry.local === local)?.id ?? 0;
}

function scaled(share: number, full: number): number {
  return Math.round(Math.min(1, Math.max(0, share)) * full);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
