/** The scenes of a folder, in the order of their names. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../errors';
import { openPicture, openSceneFolder, type SceneOptions } from './openScene';
import type { Scene } from './scene';
import { bandIdOf } from './sensors';

export interface SceneEntry {
  readonly name: string;
  open(): Promise<Result<Scene>>;
}

const PICTURE = /\.(jpe?g|png|tiff?|jp2|j2k)$/i;

/**
 * A folder with files named as bands is one scene. Any other holds scenes: each folder in it, and each picture in red, green
 * and blue. Nothing is opened yet. Errors: SCENE_FOLDER.
 */
export async function sceneEntries(
  folder: string,
  options: SceneOptions = {},
): Promise<Result<SceneEntry[]>> {
  try {
    const inside = await readdir(folder, { withFileTypes: true });
    if (inside.some((entry) => bandIdOf(entry.name) !== undefined))
      return succeed([{ name: folder, open: () => openSceneFolder(folder, options) }]);
    const entries = inside.flatMap((entry): SceneEntry[] => {
      const { name } = entry;
      if (entry.isDirectory()) return [{ name, open: () => openSceneFolder(join(folder, name), options) }];
      return PICTURE.test(name) ? [{ name, open: () => openPicture(join(folder, name)) }] : [];
    });
    if (entries.length > 0) return succeed(entries.sort((a, b) => (a.name < b.name ? -1 : 1)));
    return fail('SCENE_FOLDER', { folder, why: 'there is no scene in it' });
  } catch (error) {
    return fail('SCENE_FOLDER', { folder, why: (error as Error).message });
  }
}
