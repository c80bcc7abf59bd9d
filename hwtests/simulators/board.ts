import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileStorage } from '../../components/platform/fileStorage';
import { fileStore } from '../../components/platform/fileStore';
import { type Result, succeed } from '../../fsw/errors';
import type { Flight, FlightOptions } from '../../fsw/flight';
import type { Board } from '../../fsw/framework/board';
import { plainMemory } from '../../fsw/framework/plainMemory';
import { SimulatedClock } from '../../fsw/framework/simulatedClock';
import { provideOwnKey } from '../../fsw/models';
import { GroundSecurity } from '../../ground-tools/link/security';
import { COMPARISON_FILE, readComparison } from '../report/comparison';
import { earthPicture } from '../report/pictures';
import type { TrackPoint } from '../report/record';
import { FlightRecorder } from '../report/recorder';
import { writePage } from '../report/write';
import { loadEarth } from './earth';
import { GroundStation } from './groundStation';
import { simulatedImager } from './imager';
import { provisionKeys } from './linkKeys';
import { type Orbit, orbitFrom } from './orbit';
import { ownSecret } from './ownSecret';
import { boardPushbroom } from './pushbroom/boardPushbroom';
import { boardRadiation } from './radiation/boardRadiation';
import { parseRadiation } from './radiation/options';
import { type FlightReport, Referee } from './referee';
import { FRAME_PX, groundPoint, MIN_ELEVATION_DEG } from './reference';
import { startOf } from './start';
import { ephemerisOf, passes, polarNetwork } from './stations';
import { driftOf, type TileImager, tileImager } from './tileImager';
import { sentinel2a } from './tle';
import { TILE_PX } from './truth';

/** Flight time from point to point of the ground track on the report page. */
const TRACK_STEP_US = 20e6;

/** A flight whose ground and referee a test may speak to. */
export interface SimulatedFlight extends Flight {
  readonly ground: GroundStation;
  readonly referee: Referee;
  /** Knows the class of every tile that it showed. */
  readonly tiles: TileImager;
}

/**
 * The simulated board: Sentinel-2A's orbit, a wide-field imager on real pixels, ground stations of the polar
 * networks, and time that runs as fast as the host allows. The same seed flies the same flight.
 */
export async function openBoard(options: FlightOptions): Promise<Result<SimulatedFlight>> {
  const earth = await loadEarth();
  if (!earth.ok) return earth;
  const orbit = orbitFrom(sentinel2a);
  if (!orbit.ok) return orbit;
  const { seed } = options;
  const start = startOf(options.start, orbit.value);
  if (!start.ok) return start;
  const missionEpochMs = start.value;
  const irradiated = parseRadiation(options.radiation, options.radiationTargets);
  if (!irradiated.ok) return irradiated;
  const clock = new SimulatedClock(missionEpochMs * 1000);
  const endUs = Math.round(orbit.value.periodS * options.orbits * 1e6);
  const contacts = passes(orbit.value, polarNetwork, {
    fromMs: missionEpochMs,
    toMs: missionEpochMs + endUs / 1000,
    missionEpochMs,
    minElevationDeg: MIN_ELEVATION_DEG,
  });
  const imager = simulatedImager({
    earth: earth.value,
    orbit: orbit.value,
    missionEpochMs,
    seed,
    nowUs: () => clock.nowUs(),
    width: FRAME_PX,
    height: FRAME_PX,
  });
  const drift = driftOf(options.drift);
  if (!drift.ok) return drift;
  const tiles = tileImager({
    seed,
    drift: drift.value,
    nowUs: () => clock.nowUs(),
    view: (atUs) => orbit.value.stateAt(missionEpochMs + atUs / 1000),
  });
  // A new spacecraft for each flight: what an earlier one saved would change the report.
  const storageDir = join(options.outDir, 'storage');
  rmSync(storageDir, { recursive: true, force: true });
  const storage = fileStorage(storageDir);
  if (!storage.ok) return storage;
  const own = provideOwnKey(storage.value, () => ownSecret(seed));
  if (!own.ok) return own;
  const filesDir = join(options.outDir, 'files');
  rmSync(filesDir, { recursive: true, force: true });
  const files = fileStore(filesDir);
  if (!files.ok) return files;
  const keys = provisionKeys(options.outDir, storageDir);
  if (!keys.ok) return keys;
  const security = GroundSecurity.open(keys.value.ground);
  if (!security.ok) return security;
  const ground = new GroundStation(clock, contacts);
  const radiation =
    irradiated.value &&
    boardRadiation({
      ...irradiated.value,
      orbit: orbit.value,
      epochMs: missionEpochMs,
      seed,
      clock,
      memory: plainMemory(),
      folders: [storageDir, filesDir],
      outDir: options.outDir,
    });
  radiation?.begin();
  const highRes = boardPushbroom({
    orbit: orbit.value,
    missionEpochMs,
    nowUs: () => clock.nowUs(),
    sensor: options.sensor,
    seed,
  });
  if (!highRes.ok) return highRes;
  const board: Board = {
    name: 'sim',
    clock: radiation?.clock ?? clock,
    seed,
    imagers: { wideField: imager, tiles },
    pushbrooms: highRes.value.pushbrooms,
    radio: ground.radio,
    ephemeris: {
      ...ephemerisOf(contacts),
      groundPoint: (atUs) => groundPoint(orbit.value, missionEpochMs, atUs),
    },
    storage: storage.value,
    files: files.value,
    host: modelledHost,
    memory: radiation?.memory ?? plainMemory(),
  };
  const referee = new Referee({
    ground,
    imager,
    imagers: board.imagers,
    contacts,
    options,
    epochMs: missionEpochMs,
    endUs,
    radiation,
  });
  const recorder = new FlightRecorder({
    nowUs: () => clock.nowUs(),
    epochMs: missionEpochMs,
    passes: contacts,
    tilePx: TILE_PX,
    truthOf: (info) => referee.truthOf(info),
  });
  return succeed({
    board,
    ground,
    referee,
    tiles,
    taps: [...referee.taps, ...recorder.taps, ...(radiation?.taps ?? [])],
    fit: radiation?.fit,
    notice: highRes.value.notice,
    async fly(deployment, progress, stopped) {
      const secured = deployment.units.get('linkSecurity')?.config.mode === 'SECURED';
      recorder.watch(deployment);
      ground.operate(deployment.dictionary, secured ? security.value : undefined);
      const drain = () => deployment.executive.run();
      for (let percent = 1; percent <= 100 && !stopped(); percent++) {
        await clock.run(Math.round((endUs * percent) / 100), drain);
        progress(referee.progress(deployment, percent));
      }
      security.value.close();
    },
    report: (deployment) => referee.report(deployment),
    async page(report) {
      const heard = await recorder.heard();
      const record = {
        ...heard,
        report: report as FlightReport,
        epochMs: missionEpochMs,
        orbitName: orbit.value.name,
        track: trackOf(orbit.value, missionEpochMs, endUs),
        stations: polarNetwork,
        received: ground.received,
        hits: radiation?.environment.hits.all ?? [],
        earth: await earthPicture(earth.value.day),
        comparison: readComparison(join(options.outDir, COMPARISON_FILE)),
      };
      return writePage(record, options.outDir);
    },
  });
}

/** The ground track of a whole flight, its end included. */
function trackOf(orbit: Orbit, epochMs: number, endUs: number): TrackPoint[] {
  const steps = Math.ceil(endUs / TRACK_STEP_US);
  return Array.from({ length: steps + 1 }, (_, i) => {
    const atUs = Math.min(endUs, i * TRACK_STEP_US);
    return { atUs, ...groundPoint(orbit, epochMs, atUs) };
  });
}

/** Host figures are part of the simulation: the same in each run, so that telemetry is too. */
const modelledHost: Board['host'] = {
  sample: () => ({ cpuPercent: 20, memoryMiB: 256, storageFreeMiB: 4096 }),
};
