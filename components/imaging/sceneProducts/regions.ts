/** What a place is worth: the weight of the heaviest region that it lies in, 1 outside of all. */

/** Mean radius of the Earth (IUGG), kilometres. */
const EARTH_RADIUS_KM = 6371.009;
const DEG = Math.PI / 180;

export interface Region {
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly radiusKm: number;
  readonly weight: number;
}

export class Regions {
  readonly #byName = new Map<string, Region>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** A region of the same name is replaced; false when there is no room for one more. */
  set(name: string, region: Region): boolean {
    if (!this.#byName.has(name) && this.size >= this.#most) return false;
    this.#byName.set(name, region);
    return true;
  }

  /** False when there is none of that name. */
  clear(name: string): boolean {
    return this.#byName.delete(name);
  }

  /** Degrees; undefined for a place that is not known. */
  weightAt(place: { readonly latDeg: number; readonly lonDeg: number } | undefined): number {
    if (place === undefined) return 1;
    const weights = [...this.#byName.values()]
      .filter((region) => distanceKm(region, place) <= region.radiusKm)
      .map(({ weight }) => weight);
    return weights.length === 0 ? 1 : Math.max(...weights);
  }
}

/** Along the great circle (haversine), on a sphere. */
function distanceKm(
  a: { readonly latDeg: number; readonly lonDeg: number },
  b: { readonly latDeg: number; readonly lonDeg: number },
): number {
  const north = Math.sin(((b.latDeg - a.latDeg) * DEG) / 2) ** 2;
  const east = Math.sin(((b.lonDeg - a.lonDeg) * DEG) / 2) ** 2;
  const half = north + Math.cos(a.latDeg * DEG) * Math.cos(b.latDeg * DEG) * east;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(half)));
}
