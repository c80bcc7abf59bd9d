/** The high-resolution imager of the simulated spacecraft: it scans what scenes there are. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Place, Pushbroom, Swath } from '../../../fsw/framework';
import { contains, type Scene, sceneSwath, stripView } from '../../../fsw/imagery';
import type { Orbit } from '../orbit';
import { offNadirDeg } from './reach';

/** How far the spacecraft turns to look beside its track. */
export const MAX_OFF_NADIR_DEG = 35;
/** Speed of the sub-satellite point at Sentinel-2's height (786 km), metres a second. */
const GROUND_SPEED_M_S = 6_640;

export interface SimulatedPushbroomOptions {
  readonly orbit: Orbit;
  readonly missionEpochMs: number;
  /** Flight time, microseconds. */
  nowUs(): number;
  /** Opens the scenes that there are, in the order in which they are preferred; opened anew for each capture. */
  readonly scenes: readonly (() => Promise<Result<Scene>>)[];
  readonly maxOffNadirDeg?: number;
}

/**
 * Turned to a target within reach, it flies the scene that holds it, from its north to its south, as resampled to the
 * scene's grid: attitude errors and the parallax of a slanted view are not modelled. Errors of `open`:
 * PUSHBROOM_OUT_OF_REACH, PUSHBROOM_NOTHING_THERE, those of a scene that holds the place no other has (see `openSceneFolder`).
 */
export function simulatedPushbroom(options: SimulatedPushbroomOptions): Pushbroom {
  const { orbit, missionEpochMs, nowUs, scenes, maxOffNadirDeg = MAX_OFF_NADIR_DEG } = options;
  return {
    async open(target?: Place): Promise<Result<Swath>> {
      const startUs = nowUs();
      const state = orbit.stateAt(missionEpochMs + startUs / 1000);
      const place = target ?? state;
      const offNadir = target === undefined ? 0 : offNadirDeg(state.ecfKm, target);
      // Behind the horizon there is no such angle.
      if (!(offNadir <= maxOffNadirDeg))
        return fail('PUSHBROOM_OUT_OF_REACH', {
          place: placeText(place),
          offNadir: offNadir.toFixed(1),
          max: maxOffNadirDeg,
        });
      let unreadable: Result<Swath> | undefined;
      for (const open of scenes) {
        const scene = await open();
        if (!scene.ok) unreadable ??= scene;
        else if (contains(scene.value, place)) {
          const gsdM = stripView(scene.value, 0, scene.value.lines)?.gsdM ?? 0;
          return succeed(sceneSwath(scene.value, { startUs, lineUs: (gsdM / GROUND_SPEED_M_S) * 1e6 }));
        } else await scene.value.close();
      }
      return unreadable ?? fail('PUSHBROOM_NOTHING_THERE', { place: placeText(place) });
    },
  };
}

function placeText({ latDeg, lonDeg }: Place): string {
  return `${latDeg.toFixed(3)} N ${lonDeg.toFixed(3)} E`;
}
