/** For tests: a small flight, whose parts a test may replace. */
import type { Downlinked } from '../../ground-tools/link/downlink';
import type { Received } from '../simulators/groundStation';
import type { FlightReport } from '../simulators/referee';
import type { FlightRecord, FrameRecord, TileRecord } from './record';

const EPOCH_MS = Date.UTC(2022, 1, 22, 9, 21);
/** One grey pixel. */
const PIXEL = Buffer.from('UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vv9UAA=', 'base64');

export function testRecord(parts: Partial<FlightRecord> = {}): FlightRecord {
  return {
    report: testReport,
    epochMs: EPOCH_MS,
    orbitName: 'TESTSAT',
    track: [
      { atUs: 0, latDeg: 60, lonDeg: 20, sunElevationDeg: 10 },
      { atUs: 20e6, latDeg: 59, lonDeg: 19, sunElevationDeg: 10 },
      { atUs: 40e6, latDeg: 58, lonDeg: 18, sunElevationDeg: -10 },
      { atUs: 60e6, latDeg: 57, lonDeg: 17, sunElevationDeg: -10 },
    ],
    stations: [
      { name: 'North', latDeg: 78, lonDeg: 15, altM: 0 },
      { name: 'South', latDeg: -72, lonDeg: 2, altM: 0 },
    ],
    passes: [{ station: 'North', startUs: 0, endUs: 30e6, maxElevationDeg: 40, grantedBytes: 5000 }],
    frames: [testFrame()],
    pictureStride: 1,
    classNames: ['land', 'shore', 'open-water'],
    received: [
      channels(1e6, { 'Test.comQueue.DepthBytes': 0, 'Test.camera.FramesCaptured': 0 }),
      eventAt(2e6, 'activity-high', 'Test.version.Booted', 'here we are'),
      detectionAt(10e6, { frame: 3, tile: 1 }),
      channels(20e6, { 'Test.comQueue.DepthBytes': 70, 'Test.camera.FramesCaptured': 1 }),
    ],
    scenes: [],
    scenesLeftOut: 0,
    hits: [],
    earth: PIXEL,
    ...parts,
  };
}

export function testTile(parts: Partial<TileRecord> = {}): TileRecord {
  return {
    cloud: 0.1,
    surface: { classIndex: 1, confidence: 0.9, water: 0.4 },
    truth: { cloud: 0.2, water: 0.3 },
    ...parts,
  };
}

/** Four tiles of 32 pixels, 5 km each. */
export function testFrame(parts: Partial<FrameRecord> = {}): FrameRecord {
  return {
    id: 3,
    atUs: 10e6,
    place: { width: 64, height: 64, latDeg: 50, lonDeg: 10, headingDeg: 0, gsdM: 5000 },
    verdict: 'KEPT',
    clouded: { share: 0, most: 0.3 },
    tilePx: 32,
    tiles: [testTile(), testTile(), testTile(), testTile()],
    picture: PIXEL,
    ...parts,
  };
}

function received(atUs: number, content: Downlinked, bytes = 40): Received {
  return { atUs, bytes, station: 'North', content };
}

export function channels(atUs: number, values: Readonly<Record<string, unknown>>): Received {
  const unixUs = EPOCH_MS * 1000 + atUs;
  const list = Object.entries(values).map(([name, value]) => ({ name, unixUs, value }));
  return received(atUs, { kind: 'channels', values: list });
}

export function eventAt(
  atUs: number,
  severity: 'activity-high' | 'warning-high',
  name: string,
  text: string,
): Received {
  return received(atUs, { kind: 'event', name, severity, unixUs: EPOCH_MS * 1000 + atUs, args: {}, text });
}

/** Arrives a second after its exposure. */
export function detectionAt(
  atUs: number,
  parts: Partial<Record<'frame' | 'tile' | 'latE5' | 'lonE5', number>>,
): Received {
  const detection = {
    frame: 0,
    tile: 0,
    classIndex: 1,
    confidence: 204,
    water: 51,
    latE5: 5_072_345,
    lonE5: 1_100_000,
    ...parts,
  };
  const content: Downlinked = {
    kind: 'records',
    name: 'Test.productPacker.Detection',
    unixUs: EPOCH_MS * 1000 + atUs,
    records: [detection],
  };
  return received(atUs + 1e6, content);
}

const detail = {
  tiles: 4,
  balanced: 1,
  trivial: 0.75,
  truePositive: 1,
  falsePositive: 0,
  trueNegative: 3,
  falseNegative: 0,
};

const testReport: FlightReport = {
  mission: 'test-mission',
  dictionaryHash: '0123456789abcdef',
  seed: 7,
  orbits: 1,
  epoch: new Date(EPOCH_MS).toISOString(),
  durationS: 60,
  frames: { captured: 1, dark: 0, clouded: 0, kept: 1, failed: 0 },
  highRes: { captures: 0, strips: 0, tilesMapped: 0, vesselsFound: 0, vessels: 0 },
  detections: 1,
  detectionsSha256: '',
  products: 1,
  bytes: { raw: 12_288, downlinked: 40, ratio: 307.2, link: { frames: 1, bytes: 1024, framesLost: 0 } },
  latencyMs: { p50: 1000, p99: 1000 },
  passes: [{ station: 'North', startS: 0, durationS: 30, packets: 4 }],
  commands: { sent: 0, completed: 0 },
  events: { 'activity-high': 1 },
  accuracy: { cloud: 1, water: 1, detail: { cloud: detail, water: detail } },
  inference: { provider: 'cpu', runs: 2, errors: 0, deadlinesMissed: 0 },
  faults: {},
  unreadablePackets: 0,
};
