/** The flight board as the launcher opens it, set up by the mission's `flightBoard.json`. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Flight, FlightOptions } from '../../fsw/flight';
import { type FlightBoardOptions, flightBoard } from './flightBoard';

/** Folders are relative to the mission's folder. */
type BoardFile = Pick<FlightBoardOptions, 'imagers' | 'radio'>;

const STOP_CHECK_PERIOD_US = 200_000;

/** Flies until it is told to stop: a bench has no orbits to count. Errors: BOARD_CONFIG and those of `flightBoard`. */
export async function openBoard({ seed, outDir, missionDir }: FlightOptions): Promise<Result<Flight>> {
  const file = readBoardFile(join(missionDir, 'flightBoard.json'));
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
    radio: file.value.radio,
  });
  if (!opened.ok) return opened;
  const board = opened.value;
  return succeed({
    board,
    taps: [],
    async fly(deployment, _progress, stopped) {
      board.clock.attach(() => deployment.executive.run());
      deployment.executive.wakeByItself = true;
      await new Promise<void>((done) => {
        const timer = board.clock.every(STOP_CHECK_PERIOD_US, () => {
          if (!stopped()) return;
          timer.cancel();
          done();
        });
        void deployment.executive.run();
      });
      await board.radio.close();
    },
    report: () => undefined,
  });
}

/** Errors: BOARD_CONFIG, with what is missing. */
function readBoardFile(file: string): Result<BoardFile> {
  const wrong = (why: string) => fail('BOARD_CONFIG', { file, why });
  let parsed: Partial<BoardFile> | null;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8')) as Partial<BoardFile> | null;
  } catch (error) {
    return wrong((error as Error).message);
  }
  const imagers = parsed?.imagers ?? {};
  const radio = parsed?.radio;
  for (const [name, imager] of Object.entries(imagers))
    if (typeof imager?.folder !== 'string' || !isSize(imager.width) || !isSize(imager.height))
      return wrong(`imagers.${name} needs folder, width and height`);
  if (!(radio?.role === 'server' || radio?.role === 'client') || !isPort(radio.port))
    return wrong('radio needs role (server or client) and port');
  return succeed({ imagers, radio });
}

function isSize(px: unknown): boolean {
  return Number.isInteger(px) && Number(px) > 0 && Number(px) <= 8192;
}

function isPort(port: unknown): boolean {
  return Number.isInteger(port) && Number(port) >= 0 && Number(port) < 65_536;
}
