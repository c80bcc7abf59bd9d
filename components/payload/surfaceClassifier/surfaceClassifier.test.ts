import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import type { Findings } from '../ports';
import { testInfo, testTiles } from '../testFrames';
import { surfaceClassifier } from './surfaceClassifier';

const cloudFraction = new Float32Array([0, 0.9, 0, 0]);
const good = {
  probabilities: new Float32Array([0.8, 0.2, 0.3, 0.7, 1, 0, 0.5, 0.5]),
  water_fraction: new Float32Array([0.1, 0.9, 0, 0.5]),
};

async function benchWith(config: Record<string, unknown> = {}, queueDepth = 16) {
  const { pool, tiles } = testTiles(8);
  const b = await bench(surfaceClassifier, { config: { classes: 'land,water', ...config }, queueDepth });
  const send = () => b.in.screenedIn({ info: testInfo, tiles: tiles(), cloudFraction });
  const frame = async () => {
    send();
    await b.settle();
  };
  const asked = () => b.calls('infer') as { ticket: number }[];
  const answer = async (
    outputs: Record<string, Float32Array>,
    status: 'OK' | 'NOT_LOADED' = 'OK',
    redone = false,
  ) => {
    b.in.inferred({ ticket: asked().at(-1)?.ticket ?? 0, status, redone, outputs });
    await b.settle();
  };
  return { b, pool, send, frame, asked, answer };
}

describe('the surface classifier', () => {
  it('PGE-SUR-001: asks about all tiles of a kept frame and passes the findings on', async () => {
    const { b, frame, asked, answer } = await benchWith();
    await frame();
    expect(asked()).toMatchObject([{ model: 'surface-vit', count: 4 }]);
    await answer(good);
    const [{ info, findings }] = b.calls('classifiedOut') as { info: unknown; findings: Findings }[];
    expect(info).toEqual(testInfo);
    expect(findings).toEqual({
      columns: 2,
      rows: 2,
      tilePx: 1,
      classNames: ['land', 'water'],
      probabilities: good.probabilities,
      waterFraction: good.water_fraction,
      cloudFraction,
    });
    expect(b.calls('tipOut')).toEqual([{ info, findings }]);
    expect(b.telemetry.FramesClassified).toBe(1);
  });

  it('PGE-SUR-006: gives a planner the same findings', async () => {
    const { b, frame, answer } = await benchWith();
    await frame();
    await answer(good);
    expect(b.calls('tipOut')).toEqual(b.calls('classifiedOut'));
  });

  it('PGE-SUR-002: gives the tiles back when the answer is there', async () => {
    const { pool, frame, answer } = await benchWith();
    await frame();
    expect(pool.available).toBe(7);
    await answer(good);
    expect(pool.available).toBe(8);
  });

  it('PGE-SUR-003: fails a frame whose answer is an error, misses an output, or has another shape', async () => {
    const { b, pool, frame, answer } = await benchWith();
    await frame();
    await answer(good, 'NOT_LOADED');
    await frame();
    await answer({ probabilities: good.probabilities });
    await frame();
    await answer({ ...good, probabilities: new Float32Array(12) });
    await frame();
    await answer({ ...good, water_fraction: new Float32Array(4).fill(Number.POSITIVE_INFINITY) });
    expect(b.events.map(({ text }) => text)).toEqual([
      'frame 7 was not classified: inference answered NOT_LOADED',
      ...Array(3).fill('frame 7 was not classified: the answer is not 2 probabilities and water a tile'),
    ]);
    expect(b.telemetry.FramesFailed).toBe(4);
    expect(b.calls('classifiedOut')).toEqual([]);
    expect(pool.available).toBe(8);
  });

  it('PGE-SUR-004: lets few frames wait, none for ever, and loses no buffer to a full queue or a restart', async () => {
    const { b, pool, send, asked } = await benchWith({ maxWaiting: 2, answerTimeoutUs: 1000 }, 4);
    for (let n = 0; n < 6; n++) send();
    await b.settle();
    expect(asked()).toHaveLength(2);
    expect(b.telemetry).toMatchObject({ QueueDrops: 2, FramesFailed: 2 });
    expect(pool.available).toBe(6);
    await b.advance(1000);
    expect(b.telemetry.FramesFailed).toBe(4);
    expect(pool.available).toBe(8);

    send();
    b.in.screenedIn({ info: testInfo, tiles: undefined as never, cloudFraction });
    await b.settle();
    expect(b.telemetry.Faults).toBe(1);
    expect(pool.available).toBe(8);
  });

  it('PGE-SUR-005: tells which frame was answered after a redo', async () => {
    const { b, frame, answer } = await benchWith();
    await frame();
    await answer(good, 'OK', true);
    expect(b.events).toMatchObject([{ name: 'FrameRedone', args: { frame: testInfo.id } }]);
  });
});
