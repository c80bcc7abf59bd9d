import { type Earth, loadEarth } from './earth';
import { type Orbit, orbitFrom } from './orbit';
import { sentinel2a } from './tle';

/** For tests: Sentinel-2A's orbit, or an error that fails the test. */
export function testOrbit(): Orbit {
  const orbit = orbitFrom(sentinel2a);
  if (!orbit.ok) throw new Error(orbit.error.text);
  return orbit.value;
}

/** For tests: the real maps, or an error that fails the test. */
export async function testEarth(): Promise<Earth> {
  const earth = await loadEarth();
  if (!earth.ok) throw new Error(earth.error.text);
  return earth.value;
}
