/** The board of a real computer: host clock, pictures from folders, files, and a ground on a link. */
import { randomBytes } from 'node:crypto';
import { type Result, succeed } from '../../fsw/errors';
import type { Board, Ephemeris } from '../../fsw/framework';
import { plainMemory } from '../../fsw/framework/plainMemory';
import { WallClock } from '../../fsw/framework/wallClock';
import { type Link, type LinkSpec, openLink } from '../../fsw/links';
import { provideOwnKey, SECRET_BYTES } from '../../fsw/models';
import { fileStorage } from './fileStorage';
import { fileStore } from './fileStore';
import { type FolderImagerOptions, folderImager } from './folderImager';
import { type FolderPushbroomOptions, folderPushbroom } from './folderPushbroom';
import { GstreamerImager, type GstreamerImagerOptions } from './gstreamer/gstreamerImager';
import { healthFile } from './healthFile';
import { hostMonitor } from './hostMonitor';
import { realTime } from './realTime';

/** A camera: a folder of pictures, or a GStreamer pipeline. */
export type ImagerOptions = Omit<FolderImagerOptions, 'nowUs'> | Omit<GstreamerImagerOptions, 'clock'>;

export interface FlightBoardOptions {
  readonly seed: number;
  /** For saved parameters and the like; made if missing. */
  readonly storageFolder: string;
  /** For files that go up and down the link; made if missing. */
  readonly filesFolder: string;
  /** By the name that the mission's cameras use. */
  readonly imagers: Readonly<Record<string, ImagerOptions>>;
  /** By the name that the mission's scanning cameras use; none unless told. */
  readonly pushbrooms?: Readonly<Record<string, Omit<FolderPushbroomOptions, 'nowUs'>>>;
  readonly link: LinkSpec;
  /** Made new each second while the software is well (`healthFile.ts`); none unless told. */
  readonly healthFile?: string;
  /** Whether the main thread runs in real time, ahead of every ordinary process of the computer (see `realTime`). */
  readonly realTime?: boolean;
}

export interface FlightBoard extends Board {
  readonly clock: WallClock;
  readonly radio: Link;
  /** What its ticks come from, in words. */
  clockNotice(): string;
}

/** Errors: STORAGE_FAILED, FILE_FAILED, RADIO_PORT. The caller attaches the clock to the executive, and closes the radio. */
export async function flightBoard(options: FlightBoardOptions): Promise<Result<FlightBoard>> {
  const { seed, storageFolder, filesFolder } = options;
  const storage = fileStorage(storageFolder);
  if (!storage.ok) return storage;
  const own = provideOwnKey(storage.value, () => randomBytes(SECRET_BYTES));
  if (!own.ok) return own;
  const files = fileStore(filesFolder);
  if (!files.ok) return files;
  const { ticker, notice } = realTime(options.realTime);
  const clock = new WallClock(ticker);
  const nowUs = () => clock.nowUs();
  const radio = await openLink(options.link, clock);
  if (!radio.ok) return radio;
  const imagers = Object.entries(options.imagers).map(([name, imager]) => [
    name,
    'pipeline' in imager ? new GstreamerImager({ ...imager, clock }) : folderImager({ ...imager, nowUs }),
  ]);
  const pushbrooms = Object.entries(options.pushbrooms ?? {}).map(([name, pushbroom]) => [
    name,
    folderPushbroom({ ...pushbroom, nowUs }),
  ]);
  return succeed({
    name: 'flight',
    clock,
    seed,
    imagers: Object.fromEntries(imagers),
    pushbrooms: Object.fromEntries(pushbrooms),
    radio: radio.value,
    ephemeris: benchEphemeris(radio.value),
    storage: storage.value,
    files: files.value,
    host: hostMonitor(storageFolder),
    memory: plainMemory(),
    ...(options.healthFile && {
      watchdog: healthFile({ file: options.healthFile, nowUs, epochUs: clock.epochUs }),
    }),
    clockNotice: notice,
  });
}

/**
 * A bench has no orbit. It is in contact as long as a ground is connected, under the station's name `bench`,
 * and stands at 0° N 0° E under a Sun in the zenith, so that nothing waits for daylight.
 */
export function benchEphemeris(radio: Pick<Link, 'connectedSinceUs'>): Ephemeris {
  return {
    groundPoint: () => ({ latDeg: 0, lonDeg: 0, sunElevationDeg: 90 }),
    contactAt() {
      const startUs = radio.connectedSinceUs;
      return startUs === undefined
        ? undefined
        : { station: 'bench', startUs, endUs: Number.POSITIVE_INFINITY };
    },
  };
}
