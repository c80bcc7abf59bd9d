/** The flight board as the launcher opens it, set up by the mission's `flightBoard.json`. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Flight, FlightOptions } from '../../fsw/flight';
import { type FlightBoardOptions, flightBoard } from './flightBoard';

/** Folders are relative to the mission's folder. */
type BoardFile = Pick<FlightBoardOptions, 'imagers' | 'radio'>;

const PROGRESS_PERIOD_US = 1e6;

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
    imagers: Object.fromEntries(imagers),
    radio: file.value.radio,
  });
  if (!opened.ok) return opened;
  const board = opened.value;
  return succeed({
    board,
    taps: [],
    async fly(deployment, progress, stopped) {
      board.clock.attach(() => deployment.executive.run());
      deployment.executive.wakeByItself = true;
      await new Promise<void>((done) => {
        const timer = board.clock.every(PROGRESS_PERIOD_US, () => {
          const station = board.radio.connectedSinceUs === undefined ? undefined : 'bench';
          progress({ percent: 0, orbit: 0, orbits: 0, frames: 0, kept: 0, passes: 0, queue: 0, station });
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

/** Checks by hand the little that a bench is told. Errors: BOARD_CONFIG. */
function readBoardFile(file: string): Result<BoardFile> {
  const wrong = (why: string) => fail('BOARD_CONFIG', { file, why });
  let parsed: Partial<BoardFile>;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8')) as Partial<BoardFile>;
  } catch (error) {
    return wrong((error as Error).message);
  }
  const { imagers, radio } = parsed;
  const isSize = (px: unknown) => Number.isInteger(px) && (px as number) > 0 && (px as number) <= 8192;
  for (const [name, imager] of Object.entries(imagers ?? {}))
    if (typeof imager.folder !== 'string' || !isSize(imager.width) || !isSize(imager.height))
      return wrong(`imagers.${name} needs folder, width and height`);
  if (
    radio === undefined ||
    !['server', 'client'].includes(radio.role) ||
    !(radio.port >= 0 && radio.port < 65536)
  )
    return wrong('radio needs role (server or client) and port');
  return succeed({ imagers: imagers ?? {}, radio });
}
