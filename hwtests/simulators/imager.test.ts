import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Earth } from './earth';
import { cloudShiftOf, simulatedImager } from './imager';
import { testEarth, testOrbit } from './testWorld';

/** Heading south over Finland, the Balkans, Libya, the Sahara and the Gulf of Guinea to the Antarctic. */
const missionEpochMs = Date.UTC(2022, 1, 22, 9, 21);

const orbit = testOrbit();
const MINUTE_US = 60_000_000;
let earth: Earth;
beforeAll(async () => {
  earth = await testEarth();
});

async function shoot(atUs: number, seed = 7, size = 64) {
  const imager = simulatedImager({
    earth,
    orbit,
    missionEpochMs,
    seed,
    nowUs: () => atUs,
    width: size,
    height: size,
  });
  const frame = new Uint8Array(size * size * 3);
  const capture = await imager.capture(frame);
  if (!capture.ok) throw new Error(capture.error.text);
  return { imager, frame, capture: capture.value };
}

const mean = (frame: Uint8Array) => frame.reduce((sum, level) => sum + level, 0) / frame.length;
const digest = (frame: Uint8Array) => createHash('sha256').update(frame).digest('hex');

describe('the simulated imager', () => {
  it('tells when and where the frame was taken', async () => {
    const { capture } = await shoot(12 * MINUTE_US);
    const { latDeg, lonDeg, headingDeg } = orbit.stateAt(missionEpochMs + 12 * 60_000);
    expect(capture).toEqual({ atUs: 12 * MINUTE_US, view: { latDeg, lonDeg, headingDeg, gsdM: 5000 } });
  });

  it('gives the same bytes for the same seed and time, whatever was captured before', async () => {
    const { imager, frame } = await shoot(8 * MINUTE_US);
    const again = await shoot(8 * MINUTE_US);
    again.imager.truthAt(30 * MINUTE_US, 32);
    expect(digest((await shoot(8 * MINUTE_US)).frame)).toBe(digest(frame));
    await imager.capture(again.frame);
    expect(digest(again.frame)).toBe(digest(frame));
  });

  it('moves its clouds with the seed and its ground with the time', async () => {
    const { frame } = await shoot(8 * MINUTE_US);
    expect(digest((await shoot(8 * MINUTE_US, 8)).frame)).not.toBe(digest(frame));
    expect(digest((await shoot(9 * MINUTE_US)).frame)).not.toBe(digest(frame));
    expect(cloudShiftOf(7)).not.toBe(cloudShiftOf(8));
  });

  it('sees a lit Earth by day and a dark one by night', async () => {
    expect(mean((await shoot(12 * MINUTE_US)).frame)).toBeGreaterThan(60);
    expect(mean((await shoot(60 * MINUTE_US)).frame)).toBeLessThan(3);
  });

  it('knows the sand of Libya and the South Atlantic for what they are', async () => {
    const libya = (await shoot(12 * MINUTE_US)).imager.truthAt(12 * MINUTE_US, 32);
    const atlantic = (await shoot(28 * MINUTE_US)).imager.truthAt(28 * MINUTE_US, 32);
    expect(libya.map((tile) => tile.waterFraction)).toEqual([0, 0, 0, 0]);
    expect(atlantic.map((tile) => tile.waterFraction)).toEqual([1, 1, 1, 1]);
  });

  it('paints what the truth calls cloud brighter than what it calls clear sea', async () => {
    const levels = { clear: [0, 0], cloud: [0, 0] };
    for (let minute = 24; minute < 38; minute++) {
      const { imager, frame } = await shoot(minute * MINUTE_US);
      for (const [i, pixel] of imager.truthAt(minute * MINUTE_US, 1).entries()) {
        if (pixel.waterFraction === 0) continue;
        const sum = pixel.cloudFraction ? levels.cloud : levels.clear;
        sum[0] += frame[i * 3];
        sum[1]++;
      }
    }
    expect(levels.cloud[1]).toBeGreaterThan(1000);
    expect(levels.cloud[0] / levels.cloud[1]).toBeGreaterThan(3 * (levels.clear[0] / levels.clear[1]));
  });

  it('refuses a buffer of another size', async () => {
    const imager = simulatedImager({
      earth,
      orbit,
      missionEpochMs,
      seed: 1,
      nowUs: () => 0,
      width: 8,
      height: 8,
    });
    const refused = await imager.capture(new Uint8Array(10));
    expect(refused).toMatchObject({ ok: false, error: { code: 'IMAGER_BUFFER_SIZE' } });
  });
});
