/**
 * How often cells are upset, by place. The mean over the reference orbit is what was measured on two satellites with
 * SRAM at 1050–1425 km: 7.63e-7 upset events a bit and day, most of them in the South Atlantic
 * (doi 10.12126/see.2021.05.002). How they spread over the Earth is a shape of our own, made to look like the maps that
 * such satellites send home; it is no model of the belts (AP-9 is), and quiet Sun only.
 */
import type { Orbit } from '../orbit';

/** Upset events a bit and day, mean over the orbit. */
export const PUBLISHED_PER_BIT_DAY = 7.63e-7;

/** A repeat cycle of the reference orbit: 143 orbits, after which it flies over the same ground. */
const CYCLE_MS = 10 * 86_400_000;
const SAMPLE_MS = 60_000;
const DAY_S = 86_400;
const DEG = Math.PI / 180;

/** An elliptic Gaussian bump. */
const SOUTH_ATLANTIC = { latDeg: -26, lonDeg: -50, sigmaLatDeg: 11, sigmaLonDeg: 22 };
/** Rings where the outer belt comes down. */
const HORNS = { magneticLatDeg: 65, sigmaDeg: 6 };
/** The northern pole of the dipole (IGRF-13, 2020). */
const POLE = { latDeg: 80.65, lonDeg: -72.68 };

/** What share of the orbit's upsets each shape brings; the rest falls everywhere alike (cosmic rays). */
const SHARE = { southAtlantic: 0.6, horns: 0.2, background: 0.2 };

/** 1 in the middle of the anomaly, towards 0 outside. */
export function southAtlantic(latDeg: number, lonDeg: number): number {
  const { sigmaLatDeg, sigmaLonDeg } = SOUTH_ATLANTIC;
  const east = ((((lonDeg - SOUTH_ATLANTIC.lonDeg) % 360) + 540) % 360) - 180;
  return Math.exp(-(((latDeg - SOUTH_ATLANTIC.latDeg) / sigmaLatDeg) ** 2 + (east / sigmaLonDeg) ** 2) / 2);
}

/** 1 on the rings around both magnetic poles, towards 0 away from them. */
export function polarHorns(latDeg: number, lonDeg: number): number {
  const sine =
    Math.sin(latDeg * DEG) * Math.sin(POLE.latDeg * DEG) +
    Math.cos(latDeg * DEG) * Math.cos(POLE.latDeg * DEG) * Math.cos((lonDeg - POLE.lonDeg) * DEG);
  const magneticDeg = Math.abs(Math.asin(Math.min(Math.max(sine, -1), 1)) / DEG);
  return Math.exp(-(((magneticDeg - HORNS.magneticLatDeg) / HORNS.sigmaDeg) ** 2) / 2);
}

export interface UpsetRate {
  /** Upset events a bit and second over this place. */
  at(latDeg: number, lonDeg: number): number;
}

/** The published rate times `factor`, spread so that its mean over a repeat cycle of `orbit` is just that. */
export function upsetRate(orbit: Orbit, epochMs: number, factor: number): UpsetRate {
  let [anomaly, horns, samples] = [0, 0, 0];
  for (let ms = 0; ms < CYCLE_MS; ms += SAMPLE_MS, samples++) {
    const { latDeg, lonDeg } = orbit.stateAt(epochMs + ms);
    anomaly += southAtlantic(latDeg, lonDeg);
    horns += polarHorns(latDeg, lonDeg);
  }
  const mean = (factor * PUBLISHED_PER_BIT_DAY) / DAY_S;
  const perAnomaly = (mean * SHARE.southAtlantic * samples) / anomaly;
  const perHorn = (mean * SHARE.horns * samples) / horns;
  return {
    at: (latDeg, lonDeg) =>
      mean * SHARE.background +
      perAnomaly * southAtlantic(latDeg, lonDeg) +
      perHorn * polarHorns(latDeg, lonDeg),
  };
}
