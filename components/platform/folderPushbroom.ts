/** An imager that scans, over a folder of scenes. */
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Place, Pushbroom, Swath } from '../../fsw/framework';
import { contains, type Scene, sceneEntries, sceneSwath } from '../../fsw/imagery';

/** As fast as the ground passes below Sentinel-2, in lines of 10 m. */
const LINES_PER_SECOND = 664;

export interface FolderPushbroomOptions {
  /** Of band files (one scene), or of such folders and of pictures (see `sceneEntries`). */
  readonly folder: string;
  /** What the times of the lines follow; 664 unless told. */
  readonly linesPerSecond?: number;
  /** Flight time, microseconds. */
  nowUs(): number;
}

/**
 * A `Pushbroom` that flies the scenes of a folder in the order of their names, again and again; the folder is read at each
 * capture, so scenes may come and go. With a target, it takes the next that holds it; a scene that knows no place is
 * taken for any. Errors of `open`: SCENE_FOLDER, PUSHBROOM_NOTHING_THERE, and those of a scene that can't be read
 * (`openSceneFolder`, `openPicture`); the next capture goes on with the next one.
 */
export function folderPushbroom({ folder, linesPerSecond, nowUs }: FolderPushbroomOptions): Pushbroom {
  const lineUs = 1e6 / (linesPerSecond ?? LINES_PER_SECOND);
  let last = '';
  return {
    async open(target?: Place): Promise<Result<Swath>> {
      const startUs = nowUs();
      const entries = await sceneEntries(folder);
      if (!entries.ok) return entries;
      const after = entries.value.findIndex(({ name }) => name > last);
      const turn = [
        ...entries.value.slice(Math.max(0, after)),
        ...entries.value.slice(0, Math.max(0, after)),
      ];
      for (const { name, open } of turn) {
        const scene = await open();
        if (!scene.ok || !target || shows(scene.value, target)) {
          last = name;
          return scene.ok ? succeed(sceneSwath(scene.value, { startUs, lineUs })) : scene;
        }
        await scene.value.close();
      }
      return fail('PUSHBROOM_NOTHING_THERE', { place: `${target?.latDeg} N ${target?.lonDeg} E` });
    },
  };
}

function shows(scene: Scene, target: Place): boolean {
  return scene.ground === undefined || contains(scene, target);
}
