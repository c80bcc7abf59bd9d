/** The flight board as the launcher opens it, set up by the mission's `flightBoard.json`. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Flight, FlightOptions } from '../../fsw/flight';
import { type LinkSpec, linkText, parseLink } from '../../fsw/links';
import { type FlightBoardOptions, flightBoard } from './flightBoard';
import { gstArguments } from './gstreamer/command';
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
      for (const imager of Object.values(board.imagers)) imager.close?.();
      await board.radio.close();
      board.clock.release();
    },
    report: () => undefined,
  });
}

/** The same drivers, the folders of those that have one resolved. */
function foldersFrom<T extends object>(
  from: string,
  drivers: Readonly<Record<string, T>>,
): Readonly<Record<string, T>> {
  const pairs = Object.entries(drivers).map(([name, driver]): [string, T] => [
    name,
    'folder' in driver ? { ...driver, folder: resolve(from, String(driver.folder)) } : driver,
  ]);
  return Object.fromEntries(pairs);
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
  for (const [name, imager] of Object.entries(imagers)) {
    const why = imagerFault(imager);
    if (why !== undefined) return wrong(`imagers.${name} ${why}`);
  }
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

/** What is wrong with one imager of the file. */
function imagerFault(imager: object | null): string | undefined {
  const { folder, pipeline, width, height, deadlineMs, startDeadlineMs } = (imager ?? {}) as Record<
    string,
    unknown
  >;
  if ((typeof folder === 'string') === (typeof pipeline === 'string') || !isSize(width) || !isSize(height))
    return 'needs width and height, and either folder or pipeline';
  for (const deadline of [deadlineMs, startDeadlineMs])
    if (deadline !== undefined && !(Number(deadline) >= 1))
      return 'has a deadline that is no number from 1 up';
  const command = gstArguments(String(pipeline ?? 'none'), Number(width), Number(height));
  return command.ok ? undefined : command.error.text;
}

function isSize(px: unknown): boolean {
  return Number.isInteger(px) && Number(px) > 0 && Number(px) <= 8192;
}
