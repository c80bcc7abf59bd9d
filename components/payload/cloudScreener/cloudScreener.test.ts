import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { testInfo, testTiles } from '../testFrames';
import { cloudScreener } from './cloudScreener';

async function benchWith(config: Record<string, unknown> = {}, queueDepth = 16) {
  const { pool, tiles } = testTiles(8);
  const b = await bench(cloudScreener, { config, queueDepth });
  const frame = async (brightness?: number) => {
    b.in.tilesIn({ info: testInfo, tiles: tiles(brightness) });
    await b.settle();
  };
  const asked = () => b.calls('infer') as { ticket: number; model: string; count: number }[];
  const answer = async (
    fractions: number[],
    status: 'OK' | 'FAILED' | 'DEADLINE' = 'OK',
    index = -1,
    redone = false,
  ) => {
    const { ticket } = asked().at(index) ?? { ticket: 0 };
    b.in.inferred({ ticket, status, redone, outputs: { cloud_fraction: new Float32Array(fractions) } });
    await b.settle();
  };
  const verdicts = () => b.calls('verdictOut').map(({ verdict }) => verdict);
  return { b, pool, tiles, frame, asked, answer, verdicts };
}

describe('the cloud screener', () => {
  it('PGE-SCR-001: keeps a frame with enough clear tiles and hands its tiles on', async () => {
    const { b, pool, frame, asked, answer, verdicts } = await benchWith();
    await frame();
    expect(asked()).toMatchObject([{ model: 'cloud-screener', count: 4 }]);
    await answer([0.9, 0.1, 0.2, 0.49]);
    expect(verdicts()).toEqual(['KEPT']);
    const [kept] = b.calls('screenedOut') as { cloudFraction: Float32Array; tiles: { columns: number } }[];
    expect([...kept.cloudFraction].map((share) => share.toFixed(2))).toEqual([
      '0.90',
      '0.10',
      '0.20',
      '0.49',
    ]);
    expect(kept.tiles.columns).toBe(2);
    expect(pool.available).toBe(7);
    expect(b.telemetry).toMatchObject({ FramesKept: 1, CloudedShare: 0.25 });
  });

  it('PGE-SCR-002: discards a frame when more of its tiles are clouded than the parameters allow', async () => {
    const { b, pool, frame, answer, verdicts } = await benchWith();
    await frame();
    await answer([0.5, 0.6, 0.1, 0.1]);
    expect(verdicts()).toEqual(['CLOUDED']);
    b.command('MaxCloudFraction_PRM_SET', { val: 0.5 });
    await b.settle();
    await frame();
    await answer([0.5, 0.6, 0.1, 0.1]);
    expect(verdicts()).toEqual(['CLOUDED', 'KEPT']);
    expect(b.telemetry).toMatchObject({ FramesClouded: 1, FramesKept: 1 });
    expect(pool.available).toBe(7);
  });

  it('PGE-SCR-003: calls a dark frame dark without asking the network', async () => {
    const { b, pool, frame, asked, verdicts } = await benchWith();
    await frame(7);
    expect(verdicts()).toEqual(['DARK']);
    expect(asked()).toEqual([]);
    expect(b.telemetry.FramesDark).toBe(1);
    expect(pool.available).toBe(8);
  });

  it('PGE-SCR-004: fails a frame whose answer is an error, has another size or is not a number', async () => {
    const { b, pool, frame, answer, verdicts } = await benchWith();
    await frame();
    await answer([0, 0, 0, 0], 'FAILED');
    await frame();
    await answer([0, 0, 0]);
    await frame();
    await answer([0, 0, Number.NaN, 0]);
    expect(verdicts()).toEqual(['FAILED', 'FAILED', 'FAILED']);
    expect(b.events.map(({ text }) => text)).toEqual([
      'frame 7 was not screened: inference answered FAILED',
      'frame 7 was not screened: cloud_fraction is not one number for each tile',
      'frame 7 was not screened: cloud_fraction is not one number for each tile',
    ]);
    expect(b.telemetry.FramesFailed).toBe(3);
    expect(pool.available).toBe(8);
  });

  it('PGE-SCR-005: gives a frame up that is never answered, and ignores the late answer', async () => {
    const { b, pool, frame, answer, verdicts } = await benchWith({ answerTimeoutUs: 1000 });
    await frame();
    await b.advance(999);
    expect(verdicts()).toEqual([]);
    await b.advance(1);
    expect(verdicts()).toEqual(['FAILED']);
    expect(pool.available).toBe(8);
    await answer([0, 0, 0, 0]);
    expect(verdicts()).toEqual(['FAILED']);
    expect(b.calls('screenedOut')).toEqual([]);
  });

  it('PGE-SCR-006: lets no more frames wait than its config says', async () => {
    const { pool, frame, asked, answer, verdicts } = await benchWith({ maxWaiting: 2 });
    for (let n = 0; n < 3; n++) await frame();
    expect(asked()).toHaveLength(2);
    expect(verdicts()).toEqual(['FAILED']);
    expect(pool.available).toBe(6);
    await answer([1, 1, 1, 1], 'OK', 0);
    await answer([1, 1, 1, 1], 'OK', 1);
    expect(verdicts()).toEqual(['FAILED', 'CLOUDED', 'CLOUDED']);
    expect(pool.available).toBe(8);
  });

  it('PGE-SCR-007: loses no buffer to a full queue, nor to a restart', async () => {
    const { b, pool, tiles, frame } = await benchWith({ answerTimeoutUs: 1000, maxWaiting: 8 }, 4);
    for (let n = 0; n < 6; n++) b.in.tilesIn({ info: testInfo, tiles: tiles() });
    expect(b.telemetry.QueueDrops).toBe(2);
    await b.settle();
    expect(pool.available).toBe(4);
    await b.advance(1000);
    expect(pool.available).toBe(8);

    await frame();
    // Not tiles at all: the handler throws, and the component is restarted while a frame waits.
    b.in.tilesIn({ info: testInfo, tiles: { release() {} } as never });
    await b.settle();
    expect(b.telemetry.Faults).toBe(1);
    expect(pool.available).toBe(8);
  });

  it('PGE-SCR-008: tells which frame was answered after a redo', async () => {
    const { b, frame, answer } = await benchWith();
    await frame();
    await answer([0.1, 0.1, 0.2, 0.4], 'OK', -1, true);
    expect(b.events).toMatchObject([{ name: 'FrameRedone', args: { frame: testInfo.id } }]);
  });
});
