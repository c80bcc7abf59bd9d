/** The flight board as the launcher opens it, set up by the mission's `flightBoard.json`. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Flight, FlightOptions } from '../../fsw/flight';
import { type LinkSpec, linkText, parseLink } from '../../fsw/links';
import { type FlightBoardOptions, flightBoard } from './flightBoard';
import { flyOnWallClock } from './wallFlight';

/** Folders are relative to the mission's folder. */
type BoardFile = Pick<FlightBoardOptions, 'imagers' | 'link' | 'realTime'>;

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
  const imagers = Object.entries(file.value.imagers).map(([name, imager]) => [
    name,
    { ...imager, folder: resolve(missionDir, imager.folder) },
  ]);
  const opened = await flightBoard({
    seed,
    storageFolder: join(outDir, 'storage'),
    filesFolder: join(outDir, 'files'),
    imagers: Object.fromEntries(imagers),
    link: file.value.link,
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

/** Errors: BOARD_CONFIG, with what is missing. */
function readBoardFile(file: string, given: LinkSpec | undefined): Result<BoardFile> {
  const wrong = (why: string) => fail('BOARD_CONFIG', { file, why });
  let parsed: { imagers?: FlightBoardOptions['imagers']; link?: unknown; realTime?: unknown } | null;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8')) as typeof parsed;
  } catch (error) {
    return wrong((error as Error).message);
  }
  const imagers = parsed?.imagers ?? {};
  for (const [name, imager] of Object.entries(imagers))
    if (typeof imager?.folder !== 'string' || !isSize(imager.width) || !isSize(imager.height))
      return wrong(`imagers.${name} needs folder, width and height`);
  const realTime = parsed?.realTime ?? false;
  if (typeof realTime !== 'boolean') return wrong('realTime is neither true nor false');
  if (given !== undefined) return succeed({ imagers, link: given, realTime });
  const link = parseLink(String(parsed?.link));
  return link.ok ? succeed({ imagers, link: link.value, realTime }) : wrong(link.error.text);
}

function isSize(px: unknown): boolean {
  return Number.isInteger(px) && Number(px) > 0 && Number(px) <= 8192;
}
