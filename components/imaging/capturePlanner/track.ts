/** The ground track ahead: when a place is seen, and for how long the Sun shines. */
import type { Ephemeris, Place } from '../../../fsw/framework';
import {
  centralDeg,
  eclipseElevationDeg,
  type Look,
  lookAt,
  offNadirDeg,
  reachDeg,
  sunElevationDeg,
  unitOf,
  type Vector,
} from './sphere';

/** A place as it is seen from one point of the track. */
export interface View {
  readonly atUs: number;
  readonly offNadirDeg: number;
  readonly look: Look;
  /** Elevation of the Sun at the place. */
  readonly sunDeg: number;
}

/** One pass over a place, at the best instant that is left of it. */
export interface Pass extends View {
  /** The first time on the grid at which the place is out of reach again. */
  readonly endUs: number;
}

interface Sample {
  readonly here: Vector;
  readonly lit: boolean;
}

/** The longest step of the grid, seconds: 1.9° of the ground. */
export const MAX_STEP_S = 30;
/** More than a track goes in that step: a best instant between two grid times is never looked over. */
const STEP_DEG = 2;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Narrows two steps of 10 s to a hundredth of a second. */
const NARROWINGS = 16;
/** How far ahead a point of the track tells the heading. */
const HEADING_US = 1e6;
/** No pass of a low orbit is longer. */
const LONGEST_PASS_US = 3600e6;

/** Samples of the ephemeris on a grid of absolute flight time, kept from plan to plan. Throws what the ephemeris throws. */
export class Track {
  private readonly samples = new Map<number, Sample>();
  private readonly ephemeris: Ephemeris;
  private readonly epochUs: number;
  private readonly altitudeKm: number;
  private readonly stepUs: number;
  private readonly darkBelowDeg: number;

  constructor(ephemeris: Ephemeris, epochUs: number, altitudeKm: number, stepS: number) {
    this.ephemeris = ephemeris;
    this.epochUs = epochUs;
    this.altitudeKm = altitudeKm;
    this.stepUs = stepS * 1e6;
    this.darkBelowDeg = eclipseElevationDeg(altitudeKm);
  }

  /** Forgets what lies before. */
  forget(beforeUs: number): void {
    const first = Math.floor(beforeUs / this.stepUs);
    for (const index of this.samples.keys()) if (index < first) this.samples.delete(index);
  }

  /**
   * Tells the sunlit microseconds between any two instants after `fromUs`; a step of the grid is lit or not as it is at its
   * begin.
   */
  light(fromUs: number): (fromUs: number, toUs: number) => number {
    const first = Math.floor(fromUs / this.stepUs);
    const sums = [0];
    const litBefore = (atUs: number): number => {
      const index = Math.floor(atUs / this.stepUs);
      while (sums.length <= index - first)
        sums.push(sums[sums.length - 1] + (this.sample(first + sums.length - 1).lit ? this.stepUs : 0));
      return sums[index - first] + (this.sample(index).lit ? atUs - index * this.stepUs : 0);
    };
    return (startUs, endUs) => (endUs > startUs ? litBefore(endUs) - litBefore(startUs) : 0);
  }

  /** The passes over a place whose best instant lies between two times, in order. */
  passes(place: Place, fromUs: number, untilUs: number, maxOffNadirDeg: number): Pass[] {
    const target = unitOf(place);
    const within = reachDeg(maxOffNadirDeg, this.altitudeKm);
    const found: Pass[] = [];
    let [beforeUs, before] = [fromUs, Number.POSITIVE_INFINITY];
    let [atUs, angle] = [fromUs, centralDeg(this.here(fromUs), target)];
    for (let index = Math.floor(fromUs / this.stepUs) + 1; atUs < untilUs; index++) {
      const next = centralDeg(this.sample(index).here, target);
      if (angle <= before && angle < next && angle <= within + STEP_DEG) {
        const bestUs = this.nearest(target, beforeUs, index * this.stepUs);
        const view = bestUs <= untilUs ? this.view(place, bestUs, maxOffNadirDeg) : undefined;
        if (view) found.push({ ...view, endUs: this.lostAt(target, bestUs, within) });
      }
      [beforeUs, before] = [atUs, angle];
      [atUs, angle] = [index * this.stepUs, next];
    }
    return found;
  }

  /** How a place is seen at an instant; undefined when it is out of reach. */
  view(place: Place, atUs: number, maxOffNadirDeg: number): View | undefined {
    const target = unitOf(place);
    const here = this.here(atUs);
    const angle = offNadirDeg(centralDeg(here, target), this.altitudeKm);
    if (angle === undefined || angle > maxOffNadirDeg) return undefined;
    const look = lookAt(here, this.here(atUs + HEADING_US), target, this.altitudeKm);
    const sunDeg = sunElevationDeg(target, this.epochUs + atUs);
    return look && { atUs, offNadirDeg: angle, look, sunDeg };
  }

  private lostAt(target: Vector, atUs: number, within: number): number {
    let index = Math.floor(atUs / this.stepUs) + 1;
    const last = index + LONGEST_PASS_US / this.stepUs;
    while (index < last && centralDeg(this.sample(index).here, target) <= within) index++;
    return index * this.stepUs;
  }

  /** Golden-section search (Kiefer 1953) of the instant at which the track is nearest. */
  private nearest(target: Vector, fromUs: number, toUs: number): number {
    const distance = (us: number) => centralDeg(this.here(us), target);
    let [low, high] = [fromUs, toUs];
    for (let n = 0; n < NARROWINGS; n++) {
      const [a, b] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
      if (distance(a) <= distance(b)) high = b;
      else low = a;
    }
    const middle = Math.round((low + high) / 2);
    return distance(fromUs) <= distance(middle) ? fromUs : middle;
  }

  private here(atUs: number): Vector {
    return unitOf(this.ephemeris.groundPoint(atUs));
  }

  private sample(index: number): Sample {
    const known = this.samples.get(index);
    if (known) return known;
    const point = this.ephemeris.groundPoint(index * this.stepUs);
    const sample = { here: unitOf(point), lit: point.sunElevationDeg > this.darkBelowDeg };
    this.samples.set(index, sample);
    return sample;
  }
}
