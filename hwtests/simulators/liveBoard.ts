import { join } from 'node:path';
import { fileStorage } from '../../components/platform/fileStorage';
import { fileStore } from '../../components/platform/fileStore';
import { hostMonitor } from '../../components/platform/hostMonitor';
import { realTime } from '../../components/platform/realTime';
import { flyOnWallClock } from '../../components/platform/wallFlight';
import { type Result, succeed } from '../../fsw/errors';
import type { Flight, FlightOptions, Progress } from '../../fsw/flight';
import type { Board, Contact, Imager } from '../../fsw/framework/board';
import type { Deployment } from '../../fsw/framework/deployment';
import { plainMemory } from '../../fsw/framework/plainMemory';
import { WallClock } from '../../fsw/framework/wallClock';
import { type Link, linkText, openLink, parseLink } from '../../fsw/links';
import { provideOwnKey } from '../../fsw/models';
import { loadEarth } from './earth';
import { type SimulatedImager, simulatedImager } from './imager';
import { provisionKeys } from './linkKeys';
import { type Orbit, orbitFrom, VALID_MS } from './orbit';
import { ownSecret } from './ownSecret';
import { boardPushbroom } from './pushbroom/boardPushbroom';
import { readChannel } from './readChannel';
import { FRAME_PX, faultsOf, groundPoint, MIN_ELEVATION_DEG } from './reference';
import { startOf } from './start';
import { ephemerisOf, passes, polarNetwork } from './stations';
import { driftOf, tileImager } from './tileImager';
import { sentinel2a } from './tle';

const DEFAULT_LINK = 'tcp-server:127.0.0.1:0';
const PROGRESS_US = 1e6;
const DAY_US = 86_400e6;

/** It flies until it is told to stop. */
export const defaultOrbits = Number.POSITIVE_INFINITY;

/**
 * The simulated world in real time, with a real ground on a real link. Time tags are those of the host; the
 * orbit starts where the simulated flight's does (`start` moves it). What the spacecraft saves stays for its next boot.
 * Errors: LINK_FORM, START_TIME, SENSOR_EFFECTS, RADIO_PORT, ORBIT_BAD_TLE, STORAGE_FAILED, FILE_FAILED.
 */
export async function openBoard(options: FlightOptions): Promise<Result<Flight>> {
  const { seed, outDir, orbits, alwaysInView = true } = options;
  const spec = parseLink(options.link ?? DEFAULT_LINK);
  if (!spec.ok) return spec;
  const orbit = orbitFrom(sentinel2a);
  if (!orbit.ok) return orbit;
  const start = startOf(options.start, orbit.value);
  if (!start.ok) return start;
  const epochMs = start.value;
  const keys = provisionKeys(outDir, join(outDir, 'storage'));
  if (!keys.ok) return keys;
  const storage = fileStorage(join(outDir, 'storage'));
  if (!storage.ok) return storage;
  const own = provideOwnKey(storage.value, () => ownSecret(seed));
  if (!own.ok) return own;
  const files = fileStore(join(outDir, 'files'));
  if (!files.ok) return files;
  const ticks = realTime();
  const clock = new WallClock(ticks.ticker);
  const highRes = boardPushbroom({
    orbit: orbit.value,
    missionEpochMs: epochMs,
    nowUs: () => clock.nowUs(),
    sensor: options.sensor,
    seed,
  });
  if (!highRes.ok) return highRes;
  const drift = driftOf(options.drift);
  if (!drift.ok) return drift;
  const tiles = tileImager({
    seed,
    drift: drift.value,
    nowUs: () => clock.nowUs(),
    view: (atUs) => orbit.value.stateAt(epochMs + atUs / 1000),
  });
  const opened = await openLink(spec.value, clock);
  if (!opened.ok) return opened;
  const link = opened.value;
  const pass = alwaysInView ? undefined : passesOf(orbit.value, epochMs);
  const contactAt = (atUs: number) => contactOver(link, pass?.(atUs), alwaysInView);
  const board: Board = {
    name: 'live',
    clock,
    seed,
    imagers: { wideField: imagerOf(orbit.value, epochMs, seed, clock), tiles },
    pushbrooms: highRes.value.pushbrooms,
    radio: pass === undefined ? link : radioIn(link, () => pass(clock.nowUs()) !== undefined),
    ephemeris: { contactAt, groundPoint: (atUs) => groundPoint(orbit.value, epochMs, atUs) },
    storage: storage.value,
    files: files.value,
    host: hostMonitor(outDir),
    memory: plainMemory(),
  };
  const endUs = Math.min(longestUs(orbit.value, epochMs), orbits * orbit.value.periodS * 1e6);
  const periodUs = orbit.value.periodS * 1e6;

  const progressOf = (deployment: Deployment): Progress => {
    const count = (name: string) => {
      const value = readChannel(deployment, name);
      return value === undefined ? undefined : Number(value);
    };
    const nowUs = clock.nowUs();
    return {
      elapsedS: nowUs / 1e6,
      ...(Number.isFinite(orbits) && { percent: Math.min(100, (100 * nowUs) / endUs), orbits }),
      orbit: 1 + Math.floor(nowUs / periodUs),
      frames: count('camera.FramesCaptured'),
      kept: count('cloudScreener.FramesKept'),
      passes: count('contactManager.PassesSeen'),
      queue: count('comQueue.Depth'),
      station: contactAt(nowUs)?.station,
    };
  };

  return succeed({
    board,
    taps: [],
    get notice() {
      const ground = `keys of the ground, where the mission flies secured: ${keys.value.ground}`;
      return `link ${linkText(link.spec)}\n${ground}\n${highRes.value.notice}\n${ticks.notice()}`;
    },
    async fly(deployment, progress, stopped) {
      const telling = clock.every(PROGRESS_US, () => progress(progressOf(deployment)));
      await flyOnWallClock(clock, deployment, () => stopped() || clock.nowUs() >= endUs);
      telling.cancel();
      await link.close();
      clock.release();
    },
    report: (deployment) => ({
      mission: options.mission,
      dictionaryHash: deployment.dictionary.hash,
      seed,
      durationS: clock.nowUs() / 1e6,
      faults: faultsOf(deployment),
    }),
  });
}

/** The orbit's elements hold for some weeks: a flight in real time ends before. */
function longestUs(orbit: Orbit, epochMs: number): number {
  return (orbit.epochMs + VALID_MS - epochMs) * 1000;
}

/** In contact while a ground is connected; with real passes, only within one. */
function contactOver(link: Link, pass: Contact | undefined, alwaysInView: boolean): Contact | undefined {
  const sinceUs = link.connectedSinceUs;
  if (sinceUs === undefined) return undefined;
  if (alwaysInView) return { station: 'ground', startUs: sinceUs, endUs: Number.POSITIVE_INFINITY };
  return pass && { ...pass, startUs: Math.max(pass.startUs, sinceUs) };
}

/** The pass under way, found a day at a time. */
function passesOf(orbit: Orbit, missionEpochMs: number): (atUs: number) => Contact | undefined {
  let day = -1;
  let today = ephemerisOf([]);
  return (atUs) => {
    const wanted = Math.floor(atUs / DAY_US);
    if (wanted !== day) {
      day = wanted;
      const fromMs = missionEpochMs + (day * DAY_US) / 1000;
      const window = { fromMs, toMs: fromMs + DAY_US / 1000, missionEpochMs };
      today = ephemerisOf(passes(orbit, polarNetwork, { ...window, minElevationDeg: MIN_ELEVATION_DEG }));
    }
    return today.contactAt(atUs);
  };
}

/** Behind the horizon nothing is heard, either way. */
function radioIn(link: Link, inView: () => boolean): Board['radio'] {
  return {
    send: (frame) => {
      if (inView()) link.send(frame);
    },
    onReceive: (receiver) => link.onReceive((bytes) => inView() && receiver(bytes)),
  };
}

/** The maps of the Earth (62 MB) are loaded by the first picture: many missions take none. */
function imagerOf(orbit: Orbit, missionEpochMs: number, seed: number, clock: WallClock): Imager {
  let imager: Promise<Result<SimulatedImager>> | undefined;
  const load = async (): Promise<Result<SimulatedImager>> => {
    const earth = await loadEarth();
    if (!earth.ok) return earth;
    const nowUs = () => clock.nowUs();
    const size = { width: FRAME_PX, height: FRAME_PX };
    return succeed(simulatedImager({ earth: earth.value, orbit, missionEpochMs, seed, nowUs, ...size }));
  };
  return {
    width: FRAME_PX,
    height: FRAME_PX,
    async capture(into) {
      imager ??= load();
      const loaded = await imager;
      return loaded.ok ? loaded.value.capture(into) : loaded;
    },
  };
}
