import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import type { BandStack } from '../ports';
import { sentinel2 as all, land, ledger, type Scene, sea, stackOf, stripInfo } from '../testStrips';
import { bandAligner } from './bandAligner';

/** In so narrow a strip the 60 m band shows no three windows. */
const sentinel2 = all.filter(({ scale }) => scale < 6);

async function benchWith(config: Record<string, unknown> = {}) {
  const b = await bench(bandAligner, { config });
  const book = ledger();
  return {
    b,
    book,
    strip(scene: Scene, changes: Parameters<typeof stripInfo>[0] = {}) {
      const info = stripInfo(changes);
      const stack = stackOf(info, scene, book, sentinel2);
      b.in.stripIn({ info, stack });
      return stack;
    },
    async set(name: string, val: unknown) {
      b.command(`${name}_PRM_SET`, { val });
      await b.settle();
    },
    shifts: () =>
      b.events.filter(({ name }) => name === 'BandsShifted').map(({ args }) => String(args.shifts)),
  };
}

/** Fields and roads of many sizes: brighter in red where darker in the near infrared. */
const texture = (x: number, y: number): number => {
  const waves = [
    [0.11, 0.07, 1],
    [-0.19, 0.23, 0.7],
    [0.31, -0.17, 0.5],
    [0.05, 0.37, 0.6],
    [0.043, -0.029, 1.4],
  ];
  const sum = waves.reduce((s, [u, v, a], i) => s + a * Math.sin(x * u + y * v + i * 1.7), 0);
  return Math.abs(sum) / 4.2;
};
const ground: Scene = (name, x, y) => {
  const t = texture(x, y);
  if (name === 'nir') return 0.35 - 0.2 * t;
  return 0.05 + 0.15 * t * (name.startsWith('swir') ? 0.8 : 1);
};
/** The near infrared and a short-wave band lie beside the others: what is at (x, y) is seen at (x + dx, y + dy). */
const misregistered =
  (by: Readonly<Record<string, readonly [number, number]>>): Scene =>
  (name, x, y) => {
    const [dx, dy] = by[name] ?? [0, 0];
    return ground(name, x - dx, y - dy);
  };

/** Typed arrays side by side: `toEqual` takes seconds for half a million counts. */
function same(stack: BandStack, other: BandStack): boolean {
  return stack.planes.every((plane, i) => plane.every((count, at) => count === other.planes[i][at]));
}

/** Mean difference of a band from how the scene should look, away from the edges, in reflectance. */
function residue(stack: BandStack, name: string): number {
  const truth = stackOf(stripInfo(), ground, ledger(), sentinel2);
  const i = sentinel2.findIndex((band) => band.name === name);
  const width = 384 / sentinel2[i].scale;
  let [sum, pixels] = [0, 0];
  for (let y = 8; y < width - 8; y++)
    for (let x = 8; x < width - 8; x++, pixels++)
      sum += Math.abs(stack.planes[i][y * width + x] - truth.planes[i][y * width + x]);
  return (sum / pixels) * 1e-4;
}

describe('the band aligner', () => {
  it('PGE-ALN-001: finds shifts of a part of a pixel, also of bands of another scale, and moves the bands back', async () => {
    const { b, strip, shifts } = await benchWith();
    const bent = misregistered({ nir: [1.5, -2.25], swir16: [-3, 2] });
    const stack = strip(bent);
    expect(b.calls('stripOut')).toHaveLength(1);
    const found = Object.fromEntries(
      shifts()[0]
        .split('; ')
        .map((text) => {
          const [name, dx, dy] = text.split(' ');
          return [name, [Number(dx), Number(dy)]];
        }),
    );
    expect(Object.keys(found)).toEqual(['nir', 'swir16']);
    expect(Math.hypot(found.nir[0] - 1.5, found.nir[1] + 2.25)).toBeLessThan(0.25);
    expect(Math.hypot(found.swir16[0] + 3, found.swir16[1] - 2)).toBeLessThan(0.35);
    const before = stackOf(stripInfo(), bent, ledger(), sentinel2);
    for (const name of ['nir', 'swir16'])
      expect(residue(stack, name)).toBeLessThan(residue(before, name) / 4);
    expect(b.telemetry).toMatchObject({ StripsAligned: 1, LargestShiftBand: 'swir16' });
  });

  it('PGE-ALN-002: leaves bands alone that lie within the threshold', async () => {
    const { b, strip } = await benchWith();
    const stack = strip(ground);
    expect(same(stack, stackOf(stripInfo(), ground, ledger(), sentinel2))).toBe(true);
    expect(b.telemetry.StripsAligned).toBeUndefined();
    expect(b.events).toEqual([]);
  });

  it('PGE-ALN-003: does not trust an estimate without features or under cloud, says so once, and keeps the last of the capture', async () => {
    const { b, strip, shifts } = await benchWith();
    strip(misregistered({ nir: [3, 0] }));
    strip(sea, { strip: 1, firstLine: 384 });
    strip((name, x, y) => 0.3 + ground(name, x, y), { strip: 2, firstLine: 768 });
    expect(b.events.map(({ name }) => name)).toEqual(['BandsShifted', 'ShiftNotTrusted']);
    expect(b.events[1].args.bands).toBe('blue green nir swir16 swir22');
    expect(shifts()).toHaveLength(1);
    expect(b.telemetry).toMatchObject({ StripsAligned: 3, BandsNotTrusted: 10, LargestShiftBand: 'nir' });
    // Another capture knows nothing of it.
    strip(sea, { capture: 2 });
    expect(b.telemetry).toMatchObject({ StripsAligned: 3, LargestShift: 0 });
  });

  it('PGE-ALN-004: smooths over the strips of a capture', async () => {
    const { b, strip } = await benchWith();
    strip(misregistered({ nir: [4, 0] }));
    const first = Number(b.telemetry.LargestShift);
    strip(misregistered({ nir: [2, 0] }), { strip: 1 });
    expect(first).toBeCloseTo(4, 0);
    expect(Number(b.telemetry.LargestShift)).toBeCloseTo(3, 0);
  });

  it('PGE-ALN-005: takes fixed shifts, and reports what it cannot read', async () => {
    const { b, strip, set, shifts } = await benchWith();
    await set('Mode', 'FIXED');
    await set('FixedShifts', 'nir 1.5 -2.25; swir16 -3 2; red x');
    expect(b.events.find(({ name }) => name === 'ShiftsUnreadable')?.args.text).toBe('red x');
    const stack = strip(misregistered({ nir: [1.5, -2.25], swir16: [-3, 2] }));
    expect(shifts()).toEqual(['nir 1.5 -2.3; swir16 -3.0 2.0']);
    expect(residue(stack, 'nir')).toBeLessThan(0.003);
  });

  it('PGE-ALN-006: can be turned off', async () => {
    const { strip, set } = await benchWith();
    await set('Mode', 'OFF');
    const bent = misregistered({ nir: [3, 0] });
    expect(same(strip(bent), stackOf(stripInfo(), bent, ledger(), sentinel2))).toBe(true);
  });

  it('PGE-ALN-007: hands every strip on once and in order, also one too small for a window, and the end after them', async () => {
    const { b, strip, book } = await benchWith();
    strip(land, { width: 40, height: 12 });
    strip(() => 0, { strip: 1 });
    b.in.captureEndIn({ capture: 1, target: 'harbour', strips: 2, height: 396 });
    expect(b.sent.map(({ end }) => end)).toEqual(['stripOut', 'stripOut', 'captureEndOut']);
    expect(b.telemetry.Faults).toBe(0);
    expect(book.made.map(({ releases }) => releases)).toEqual([0, 0]);
  });
});
