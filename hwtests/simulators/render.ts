import { type Earth, sample } from './earth';
import type { Scene } from './scene';

/** Twilight: city lights give way to the day's picture between these sines of the Sun's elevation. */
const DUSK_SINE = Math.sin((-6 * Math.PI) / 180);
const FULL_DAY_SINE = Math.sin((12 * Math.PI) / 180);
/** The longer exposure of the night side. */
const NIGHT_GAIN = 2;
/** Peak of the sensor's triangular noise, grey levels. */
const NOISE_LEVELS = 3;

/** What makes a picture besides the place: where the clouds are and the sensor's noise. */
export interface Exposure {
  /** Eastward shift of the cloud map, as a share of the whole turn. */
  readonly cloudShift: number;
  readonly noiseSeed: number;
}

/** Paints a scene as the wide-field imager sees it: interleaved RGB, `width × height × 3` bytes. */
export function render(earth: Earth, scene: Scene, exposure: Exposure, into: Uint8Array): void {
  const ground = new Float32Array(3);
  const lights = new Float32Array(3);
  const cloud = new Float32Array(1);
  let noise = exposure.noiseSeed | 0 || 1;
  for (let i = 0, p = 0; i < scene.u.length; i++, p += 3) {
    const u = scene.u[i];
    const v = scene.v[i];
    const sunSine = scene.sunSine[i];
    const day = smoothstep(DUSK_SINE, FULL_DAY_SINE, sunSine);
    const light = day * (0.55 + 0.45 * Math.sqrt(Math.max(sunSine, 0)));
    sample(earth.clouds, u - exposure.cloudShift, v, cloud);
    const opacity = cloud[0] / 255;
    if (day > 0) sample(earth.day, u, v, ground);
    if (day < 1) sample(earth.lights, u, v, lights);
    noise = xorshift(noise);
    for (let c = 0; c < 3; c++) {
      const clear = ground[c] * light + NIGHT_GAIN * lights[c] * (1 - day);
      const level = clear + (255 * light - clear) * opacity;
      into[p + c] = clamp(level + triangular(noise >>> (10 * c)));
    }
  }
}

function smoothstep(low: number, high: number, x: number): number {
  const t = Math.min(Math.max((x - low) / (high - low), 0), 1);
  return t * t * (3 - 2 * t);
}

/** Marsaglia's xorshift32: one draw a pixel, ten bits a channel. */
function xorshift(state: number): number {
  let x = state;
  x ^= x << 13;
  x ^= x >>> 17;
  return x ^ (x << 5);
}

function triangular(bits: number): number {
  return ((bits & 31) + ((bits >>> 5) & 31) - 31) * (NOISE_LEVELS / 31);
}

function clamp(level: number): number {
  return level <= 0 ? 0 : level >= 255 ? 255 : level + 0.5;
}
