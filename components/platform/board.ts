/** The flight board as the launcher opens it, set up by the mission's `flightBoard.json`. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Flight, FlightOptions } from '../../fsw/flight';
import { type LinkSpec, linkText, parseLink } from '../../fsw/links';
import { type FlightBoardOptions, flightBoard } from './flightBoard';
import { flyOnWallClock } from './wallFlight';

/** Folders are relative to the mission's folder. */
type BoardFile = Pick<FlightBoardOptions, 'imagers' | 'pushbrooms' | 'link' | 'realTime'>;

/**
 * Flies until it is told to stop: a bench has no orbits to count. `link` takes the place of the file's.
 * Errors: BOARD_CONFIG, LINK_FORM and those of `flightBoard`.
 */
export async function openBoard(options: FlightOptions): Promise<Result<Flight>> {
  const { seed, outDir, missionDir } = options;
  const given = options.link === undefined ? undefined : parseLink(options.link);
  if (given?.ok === false) return given;
  const file = readBoardFile(join(missionDir, 'flightBoard.json'), given?.value);
  if (!file.ok) return file;
  const { imagers, pushbrooms = {} } = file.value;
  const opened = await flightBoard({
    seed,
    storageFolder: join(outDir, 'storage'),
    filesFolder: join(outDir, 'files'),
    imagers: foldersFrom(missionDir, imagers),
    pushbrooms: foldersFrom(missionDir, pushbrooms),
    link: file.value.link,
    healthFile: join(outDir, 'health.json'),
    realTime: file.value.realTime,
  });
  if (!opened.ok) return opened;
  const board = opened.value;
  return succeed({
    board,
    taps: [],
    get notice() {
      return `link ${linkText(board.radio.spec)}\n${board.clockNotice()}`;
    },
    async fly(deployment, _progress, stopped) {
      await flyOnWallClock(board.clock, deployment, stopped);
      await board.radio.close();
      board.clock.release();
    },
    report: () => undefined,
  });
}

/** The same drivers, with their folders resolved. */
function foldersFrom<T extends { readonly folder: string }>(
  from: string,
  drivers: Readonly<Record<string, T>>,
) {
  const resolved = Object.entries(drivers).map(([name, driver]): [string, T] => [
    name,
    { ...driver, folder: resolve(from, driver.folder) },
  ]);
  return Object.fromEntries(resolved);
}

/** Errors: BOARD_CONFIG, with what is missing. */
function readBoardFile(file: string, given: LinkSpec | undefined): Result<BoardFile> {
  const wrong = (why: string) => fail('BOARD_CONFIG', { file, why });
  let parsed:
    | ({ [key in keyof Omit<BoardFile, 'link' | 'realTime'>]?: BoardFile[key] } & {
        link?: unknown;
        realTime?: unknown;
      })
    | null;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8')) as typeof parsed;
  } catch (error) {
    return wrong((error as Error).message);
  }
  const imagers = parsed?.imagers ?? {};
  for (const [name, imager] of Object.entries(imagers))
    if (typeof imager?.folder !== 'string' || !isSize(imager.width) || !isSize(imager.height))
      return wrong(`imagers.${name} needs folder, width and height`);
  const pushbrooms = parsed?.pushbrooms ?? {};
  for (const [name, pushbroom] of Object.entries(pushbrooms))
    if (typeof pushbroom?.folder !== 'string' || !isRate(pushbroom.linesPerSecond))
      return wrong(`pushbrooms.${name} needs folder, and linesPerSecond above 0 where it is given`);
  const realTime = parsed?.realTime ?? false;
  if (typeof realTime !== 'boolean') return wrong('realTime is neither true nor false');
  if (given !== undefined) return succeed({ imagers, pushbrooms, link: given, realTime });
  const link = parseLink(String(parsed?.link));
  return link.ok ? succeed({ imagers, pushbrooms, link: link.value, realTime }) : wrong(link.error.text);
}

function isRate(rate: unknown): boolean {
  return rate === undefined || (typeof rate === 'number' && rate > 0 && Number.isFinite(rate));
}

function isSize(px: unknown): boolean {
  return Number.isInteger(px) && Number(px) > 0 && Number(px) <= 8192;
}
