import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Boxes, reference, tensor } from '../../tensor';
import { noAddon, whyNoAddon } from '../compare';

type Box = readonly [left: number, top: number, right: number, bottom: number, score: number, class_: number];

function boxesOf(list: readonly Box[]): Boxes {
  return {
    corners: Float32Array.from(list.flatMap((box) => box.slice(0, 4))),
    scores: Float32Array.from(list, (box) => box[4]),
    classes: Uint32Array.from(list, (box) => box[5]),
  };
}

function run(kernels: typeof tensor, boxes: Boxes, iou: number, most = boxes.scores.length): number[] {
  const kept = new Uint32Array(most);
  const count = kernels.nms(boxes, iou, kept);
  if (!count.ok) throw new Error(count.error.text);
  return [...kept.subarray(0, count.value)];
}

/** Intersection over union, in doubles. */
function overlap(a: Box, b: Box): number {
  const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const area = (box: Box) => (box[2] - box[0]) * (box[3] - box[1]);
  return (width * height) / (area(a) + area(b) - width * height);
}

// On a coarse grid: many equal scores, equal boxes and exact halves.
const anyBox = fc
  .tuple(fc.nat(20), fc.nat(20), fc.nat(12), fc.nat(12), fc.nat(6), fc.nat(2))
  .map(([x, y, w, h, score, class_]): Box => [x, y, x + w, y + h, score / 6, class_]);
const iou = fc.constantFrom(0, 0.25, 0.3, 0.5, 0.75, 1);

describe('nms', () => {
  it('keeps the best of boxes that overlap more than allowed, each class for itself', () => {
    const boxes = boxesOf([
      [0, 0, 10, 10, 0.6, 0],
      [0, 0, 10, 9, 0.9, 0],
      [0, 0, 10, 9, 0.8, 1],
      [20, 20, 30, 30, 0.7, 0],
    ]);
    expect(run(reference, boxes, 0.5)).toEqual([1, 2, 3]);
    expect(run(reference, boxes, 0.95)).toEqual([1, 2, 3, 0]);
    expect(run(reference, boxes, 0.5, 2)).toEqual([1, 2]);
  });

  it('takes equal scores by index, and zero and minus zero as equal', () => {
    expect(
      run(
        reference,
        boxesOf([
          [0, 0, 1, 1, -0, 0],
          [0, 0, 1, 1, 0, 0],
          [5, 5, 6, 6, 0, 0],
        ]),
        0.5,
      ),
    ).toEqual([0, 2]);
  });

  it('never keeps a box without area or with a number that is not finite', () => {
    const bad: Box[] = [
      [0, 0, 0, 1, 1, 0],
      [0, 1, 1, 0, 1, 0],
      [0, 0, 1, 1, Number.NaN, 0],
      [0, 0, 1, 1, Infinity, 0],
      [Number.NaN, 0, 1, 1, 1, 0],
      [0, 0, Infinity, 1, 1, 0],
    ];
    for (const kernels of [reference, tensor])
      expect(run(kernels, boxesOf([...bad, [2, 2, 3, 3, 0, 0]]), 0.5)).toEqual([6]);
  });

  it('leaves no two of a class that overlap more than allowed, and drops none without a rival', () => {
    fc.assert(
      fc.property(fc.array(anyBox, { maxLength: 60 }), iou, (list, most) => {
        const kept = run(reference, boxesOf(list), most);
        const rank = (i: number) => kept.indexOf(i);
        list.forEach((box, i) => {
          const empty = box[2] <= box[0] || box[3] <= box[1];
          const rivals = kept.filter(
            (k) => list[k][5] === box[5] && (list[k][4] > box[4] || (list[k][4] === box[4] && k < i)),
          );
          const suppressed = rivals.some((k) => overlap(list[k], box) > most + 1e-6);
          const free = rivals.every((k) => overlap(list[k], box) < most - 1e-6);
          if (empty || suppressed) expect(rank(i)).toBe(-1);
          if (free && !empty) expect(rank(i)).toBeGreaterThanOrEqual(0);
        });
      }),
    );
  });

  it.skipIf(noAddon)(`gives the same in the addon${whyNoAddon}`, () => {
    const anyFloat = fc.float();
    const wild = fc.tuple(anyFloat, anyFloat, anyFloat, anyFloat, anyFloat, fc.nat(1)) as fc.Arbitrary<Box>;
    fc.assert(
      fc.property(
        fc.oneof(fc.array(anyBox, { maxLength: 200 }), fc.array(wild, { maxLength: 40 })),
        iou,
        fc.nat(100),
        (list, threshold, most) => {
          const boxes = boxesOf(list);
          expect(run(tensor, boxes, threshold, most)).toEqual(run(reference, boxes, threshold, most));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.skipIf(noAddon)(`decides as the addon does where rounding decides${whyNoAddon}`, () => {
    const side = fc.float({ min: 1, max: 50, noNaN: true });
    const place = fc.float({ min: 0, max: 20, noNaN: true });
    const near = fc
      .tuple(place, place, side, side)
      .map(([x, y, w, h]): Box => [x, y, Math.fround(x + w), Math.fround(y + h), 1, 0]);
    fc.assert(
      fc.property(near, near, (a, b) => {
        const threshold = Math.fround(overlap(a, b));
        expect(run(tensor, boxesOf([a, b]), threshold)).toEqual(run(reference, boxesOf([a, b]), threshold));
      }),
      { numRuns: 3000 },
    );
  });
});
