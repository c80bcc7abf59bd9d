/** Tiles with labels from the simulator's truth, on which weights are judged. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { drawTiles, TILE_PX } from '../../datasets/makeTiles';
import { loadEarth } from '../../simulators/earth';
import { orbitFrom } from '../../simulators/orbit';
import { sentinel2a } from '../../simulators/tle';

/** Another seed than the training tiles'. */
export const EVALUATION_SEED = 41;
/** The model card's cuts of the water fraction. */
const LAND_BELOW = 0.05;
const WATER_FROM = 0.95;

export interface EvaluationSet {
  readonly count: number;
  /** [count, 3, 32, 32], 0–255. */
  readonly tiles: Float32Array;
  /** 0 land, 1 shore, 2 open water. */
  readonly labels: Uint8Array;
}

/** Tiles less than half clouded, a third of each class, so that accuracy is balanced. */
export async function evaluationSet(count: number): Promise<Result<EvaluationSet>> {
  const orbit = orbitFrom(sentinel2a);
  if (!orbit.ok) return orbit;
  const earth = await loadEarth();
  if (!earth.ok) return earth;
  if (count % 3 !== 0)
    return fail('TYPE_RANGE', { path: 'tiles', value: count, min: 3, max: 'a multiple of 3' });
  const pixels = TILE_PX * TILE_PX;
  const tiles = new Float32Array(count * 3 * pixels);
  const labels = new Uint8Array(count);
  const wanted = [count / 3, count / 3, count / 3];
  let filled = 0;
  for (const { pixels: rgb, truth } of drawTiles(earth.value, orbit.value, EVALUATION_SEED)) {
    if (filled === count) break;
    if (truth.cloudFraction >= 0.5) continue;
    const label = truth.waterFraction < LAND_BELOW ? 0 : truth.waterFraction < WATER_FROM ? 1 : 2;
    if (wanted[label] === 0) continue;
    wanted[label]--;
    labels[filled] = label;
    const at = filled * 3 * pixels;
    for (let channel = 0; channel < 3; channel++)
      for (let i = 0; i < pixels; i++) tiles[at + channel * pixels + i] = rgb[3 * i + channel];
    filled++;
  }
  return succeed({ count, tiles, labels });
}
