/** The effects of the sensor as the launcher's option names them. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { SensorEffects } from './effects';

/** By name, with the strength that each has unless `name=strength` says more or less of it. */
const effects: Readonly<Record<string, { usual: number; make(strength: number): SensorEffects }>> = {
  // Sentinel-2's signal-to-noise ratio is 142 to 174 at reference radiance in its 10 m bands (ESA, S2 mission requirements).
  noise: { usual: 1, make: (by) => ({ noise: { photonGain: 0.02 * by, readCounts: 4 * by } }) },
  smear: { usual: 0.25, make: (smear) => ({ smear }) },
  dead: { usual: 0.001, make: (deadDetectors) => ({ deadDetectors }) },
  hits: { usual: 1e-5, make: (hits) => ({ hits }) },
  shift: {
    usual: 1,
    make: (by) => ({
      shift: { blue: { x: by, y: -2 * by }, red: { x: -by, y: 3 * by }, nir: { x: 2 * by, y: by } },
    }),
  },
  saturation: { usual: 4095, make: (saturation) => ({ saturation }) },
  blank: { usual: 20, make: (blankTiles) => ({ blankTiles }) },
};

/** `noise,shift=2`: undefined without any. Errors: SENSOR_EFFECTS. */
export function parseSensor(text: string | undefined): Result<SensorEffects | undefined> {
  if (text === undefined) return succeed(undefined);
  let all: SensorEffects = {};
  for (const part of text.split(',')) {
    const [name, strength] = part.split('=');
    const effect = Object.hasOwn(effects, name) ? effects[name] : undefined;
    if (effect === undefined)
      return fail('SENSOR_EFFECTS', {
        text,
        why: `there is no ${name}; known: ${Object.keys(effects).join(', ')}`,
      });
    const by = strength === undefined ? effect.usual : Number(strength);
    if (!(by > 0) || !Number.isFinite(by))
      return fail('SENSOR_EFFECTS', { text, why: `the strength of ${name} is a number above 0` });
    all = { ...all, ...effect.make(by) };
  }
  return succeed(all);
}
